# The service alone: DATABASE_URL and REDIS_URL say where its stores are. The embedded servers are not in here.
#
#   docker build -t holdfast .
#   docker run --init -p 8080:8080 -e DATABASE_URL=... -e REDIS_URL=... holdfast
#
# Other commands take the place of the last line: `docker run --rm -e ... holdfast keys create 1`.

FROM python:3.13-slim AS builder

WORKDIR /source
RUN python -m venv /opt/holdfast
COPY pyproject.toml README.md LICENSE ./
COPY config/constraints.txt config/
COPY app app
RUN /opt/holdfast/bin/pip install --no-cache-dir --disable-pip-version-check -c config/constraints.txt '.[traces]'


FROM python:3.13-slim

RUN useradd --system --uid 10001 --user-group --home-dir /home/holdfast --create-home holdfast
COPY --from=builder /opt/holdfast /opt/holdfast
ENV PATH=/opt/holdfast/bin:$PATH \
    PYTHONUNBUFFERED=1

WORKDIR /home/holdfast
USER 10001:10001
EXPOSE 8080

# Not /health/ready: a container is not broken because its database is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=240s --retries=3 CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('HOLDFAST_PORT', '8080')), timeout=2); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]

# Lists, not shell lines, so that SIGTERM reaches Python and requests under way finish.
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0"]
