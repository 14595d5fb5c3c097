import Testing
import WeirClient

@Suite struct `A URL in a log` {
    @Test(
        "has no password",
        arguments: [
            ("http://u:s3cret@host:8000/x@y", "http://u:[redacted]@host:8000/x@y"),
            ("http://u:a@b@host", "http://u:[redacted]@host"), ("http://host:8000", "http://host:8000"),
            ("http://u@host", "http://u@host"), ("http://host/a:b@c", "http://host/a:b@c"), ("", ""),
        ]
    )
    func shown(url: String, text: String) {
        #expect(ShownURL.text(url) == text)
    }
}
