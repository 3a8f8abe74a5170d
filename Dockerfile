# syntax=docker/dockerfile:1
# One image for the page, the API and the commands. See docs/deploy.md.

FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY . .
# The versions of the lock, without its hashes: they cannot be asked of a folder, and this builds
# from one.
RUN python -m venv /opt/footnote \
    && sed -E '/^ +--hash/d; s/ *\\$//' requirements.lock > /tmp/constraints.txt \
    && /opt/footnote/bin/pip install --no-cache-dir --constraint /tmp/constraints.txt ".[serve]"

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin footnote \
    && install --directory --owner=footnote /data /var/cache/footnote
COPY --from=build /opt/footnote /opt/footnote
ENV PATH=/opt/footnote/bin:$PATH \
    FOOTNOTE_LIBRARY=/data/library \
    FOOTNOTE_CACHE=/var/cache/footnote \
    FOOTNOTE_LOG=json \
    HOME=/data
# By number, so that an orchestrator can see that it is not root.
USER 10001
# The weights of the embedding model, checked against their hash; so a container needs no network.
RUN footnote setup
VOLUME ["/data", "/var/cache/footnote"]
EXPOSE 7860
# SIGTERM lets answers under way end.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
ENTRYPOINT ["footnote"]
CMD ["serve", "--host", "0.0.0.0", "--open"]
