# The platform as an image: ./task compose-up builds it from the programs that
# ./task build has made. There is nothing in it but them, certificates, and the
# names of time zones.
FROM debian:trixie-slim
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates tzdata >/dev/null \
 && rm -rf /var/lib/apt/lists/*
COPY bin/hearth bin/hearth-proxy /usr/local/bin/
ENV HEARTH_DATA=/var/lib/hearth
EXPOSE 3233
ENTRYPOINT ["/usr/local/bin/hearth"]
