/// What a text in the Prometheus format may have at most.
package struct PrometheusTextLimits: Sendable {
    /// Bytes of a line, without its line feed.
    package var lineBytes: Int
    /// Bytes of the name of a metric or a label.
    package var nameBytes: Int
    /// Bytes of the value of a label, and of a help text, as they are written.
    package var valueBytes: Int
    /// Labels of a sample.
    package var labels: Int
    /// Samples of the text.
    package var samples: Int
    /// Bytes of the labels of all samples, where samples share them.
    package var labelBytes: Int

    /// Makes limits; the defaults are those of a report of metrics.
    package init(
        lineBytes: Int = 64 << 10,
        nameBytes: Int = 256,
        valueBytes: Int = 4096,
        labels: Int = 64,
        samples: Int = 50_000,
        labelBytes: Int = 16 << 20
    ) {
        self.lineBytes = lineBytes
        self.nameBytes = nameBytes
        self.valueBytes = valueBytes
        self.labels = labels
        self.samples = samples
        self.labelBytes = labelBytes
    }
}
