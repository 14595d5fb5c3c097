package import Configuration

extension ServerSettings {
    /// In bytes, of ingest routes.
    package var maxBody: Setting<Int> {
        Setting(
            "WEIR_MAX_BODY",
            .bytes(1024...(1 << 30)),
            default: "32MiB",
            "The largest body that an ingest route takes; a larger one is answered 413, one of Nextflow's Tower client 200 and dropped."
        )
    }

    /// In bytes, of all header fields of a request together.
    package var maxHeader: Setting<Int> {
        Setting(
            "WEIR_MAX_HEADER",
            .bytes(1024...(16 << 20)),
            default: "64KiB",
            "The largest header of a request; a larger one is answered 431."
        )
    }

    /// In bytes, of all request bodies together.
    package var maxBuffered: Setting<Int> {
        Setting(
            "WEIR_MAX_BUFFERED",
            .bytes((1 << 20)...(1 << 40)),
            default: "256MiB",
            "What the bodies and large answers of all requests may hold in memory; beyond it sockets are not read."
        )
    }

    package var headTimeout: Setting<Duration> {
        Setting(
            "WEIR_HEAD_TIMEOUT",
            .duration(.milliseconds(100) ... .seconds(600)),
            default: "10s",
            "How long a client may take to send the head of a request."
        )
    }

    package var bodyTimeout: Setting<Duration> {
        Setting(
            "WEIR_BODY_TIMEOUT",
            .duration(.milliseconds(100) ... .seconds(3600)),
            default: "30s",
            "How long a client may pause while it sends a body."
        )
    }

    package var writeTimeout: Setting<Duration> {
        Setting(
            "WEIR_WRITE_TIMEOUT",
            .duration(.milliseconds(100) ... .seconds(3600)),
            default: "30s",
            "How long a client may leave an answer unread."
        )
    }

    package var idleTimeout: Setting<Duration> {
        Setting(
            "WEIR_IDLE_TIMEOUT",
            .duration(.seconds(1) ... .seconds(86_400)),
            default: "75s",
            "How long a connection may stay open between requests; announced in Keep-Alive."
        )
    }

    package var handlerTimeout: Setting<Duration> {
        Setting(
            "WEIR_HANDLER_TIMEOUT",
            .duration(.milliseconds(100) ... .seconds(600)),
            default: "5s",
            "How long an ingest request may wait for its answer before it gets 503."
        )
    }

    package var drainTimeout: Setting<Duration> {
        Setting(
            "WEIR_DRAIN_TIMEOUT",
            .duration(.zero ... .seconds(3600)),
            default: "10s",
            "How long requests in progress may take to finish when Weir stops."
        )
    }

    /// The settings of requests.
    var limitRows: [AnySetting] {
        [
            maxBody.row, maxHeader.row, maxBuffered.row, headTimeout.row, bodyTimeout.row, writeTimeout.row,
            idleTimeout.row, handlerTimeout.row, drainTimeout.row,
        ]
    }
}
