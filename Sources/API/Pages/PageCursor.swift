internal import Core

/// The start of the next page of a list: the sort key of the last row of the previous page.
///
/// Clients pass it on unchanged. It is a position in the order and not a number of rows, so that rows that arrive
/// meanwhile neither repeat nor hide others.
package struct PageCursor: Hashable, Sendable {
    /// The values of the sort key, as text.
    package let parts: [String]

    /// Takes the values of a row.
    package init(_ parts: [String]) {
        self.parts = parts
    }

    /// Parses `text`; nil for anything else.
    package init?(_ text: String) {
        let standard = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - standard.count % 4) % 4)
        guard let bytes = Base64.decode(standard + padding), let document = try? JSONDocument(bytes) else {
            return nil
        }
        guard document.root.kind == .array else { return nil }
        var parts: [String] = []
        for element in document.root.elements {
            guard let part = element.string else { return nil }
            parts.append(part)
        }
        self.parts = parts
    }

    /// The cursor for a URL: no character needs an escape.
    package var text: String {
        var writer = JSONWriter()
        writer.array { list in
            for part in parts { list.value(part) }
        }
        let bytes: [UInt8] = Base64.encode(writer.bytes).utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
