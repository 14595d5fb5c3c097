package import API
internal import Core

/// What is done to the configuration in a body before anything is stored: it is a text in Nextflow's own language, so that
/// masking members of JSON does not reach what is in it, and it may be large. Contract nextflow §5.3 (2).
package struct TowerConfiguration: Sendable {
    private let redactor: Redactor?
    private let mostBytes: Int

    /// Masks what `redactor` masks, and cuts what is longer than `mostBytes`; 0 leaves the configuration out.
    package init(redactor: Redactor? = nil, mostBytes: Int = 1 << 20) {
        self.redactor = redactor
        self.mostBytes = mostBytes
    }

    /// The body of a call with its configuration as it may be stored; the same bytes when nothing has to change.
    func cleaned(_ document: JSONDocument) -> [UInt8] {
        guard let node = document.root["workflow"]?["configText"], let text = node.string else {
            return document.bytes
        }
        let kept = kept(text)
        guard kept != text else { return document.bytes }
        var writer = JSONWriter(reservingCapacity: kept?.utf8.count ?? 4)
        writer.value(kept)
        return document.bytes[..<node.range.lowerBound] + writer.bytes
            + document.bytes[node.range.upperBound...]
    }

    /// JSON with what is masked in other bodies; those bodies were no JSON when they arrived.
    func masked(_ json: [UInt8]) -> [UInt8] { redactor?.masked(json) ?? json }

    /// What is kept of a body that is no JSON.
    func kept(unreadable bytes: [UInt8]) -> String {
        if redactor != nil { return "\(Redactor.mask): \(bytes.count) bytes" }
        return String(decoding: bytes.prefix(Self.mostUnreadableBytes), as: UTF8.self)
    }

    /// Written as JSON, a byte may take six.
    private static let mostUnreadableBytes = 1 << 20

    private func kept(_ text: String) -> String? {
        guard mostBytes > 0 else { return nil }
        // What is looked through is bounded, too.
        let beginning = Self.beginning(of: text, 4 * mostBytes)
        let masked = redactor.map { TowerConfigurationMask.masked(beginning, $0) } ?? beginning
        let kept = Self.beginning(of: masked, mostBytes)
        let isWhole = beginning.utf8.count == text.utf8.count && kept.utf8.count == masked.utf8.count
        return isWhole ? kept : kept + "\n// … cut: WEIR_TOWER_CONFIG_BYTES"
    }

    private static func beginning(of text: String, _ mostBytes: Int) -> String {
        text.utf8.count > mostBytes ? String(decoding: text.utf8.prefix(mostBytes), as: UTF8.self) : text
    }
}
