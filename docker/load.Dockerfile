# tacit-bench on an empty filesystem, for docker/load-job.yaml:
#   docker build -t tacit-bench:0.1.0 -f docker/load.Dockerfile build/release/bin
FROM scratch
COPY tacit-bench /tacit-bench
USER 65532:65532
ENTRYPOINT ["/tacit-bench"]
