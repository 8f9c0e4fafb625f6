# privscan in a slim image, run by a user without rights:
#   docker build -t privscan .
#   docker run --rm --network none -v "$PWD/data:/data:ro" -v "$PWD/out:/out" privscan clean /data -o /out/run
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY privscan privscan
COPY rules rules
RUN python -m venv /opt/privscan && /opt/privscan/bin/pip install --no-cache-dir .

FROM python:3.12-slim
COPY --from=build /opt/privscan /opt/privscan
RUN useradd --uid 10001 privscan && mkdir -p /out /var/cache/privscan && chown privscan /out /var/cache/privscan
USER privscan
# Rules are compiled once, into the image.
ENV PATH=/opt/privscan/bin:$PATH PRIVSCAN_CACHE_DIR=/var/cache/privscan
RUN printf '{"text": "nothing"}\n' | privscan scan - -q
WORKDIR /data
ENTRYPOINT ["privscan"]
CMD ["--help"]
