/// The `Link` field that leads from one page of a list to the next (RFC 8288).
package enum PageLink {
    /// The field's value: a reference of the query alone (RFC 3986 §4.2), so that it holds behind a proxy that serves
    /// Weir below a prefix and strips that. The request's other parameters stay; its page is replaced by `cursor`.
    package static func next(_ head: RequestHead, _ cursor: String) -> String {
        var target: [UInt8] = []
        for pair in (head.rawQuery ?? "").utf8.split(separator: UInt8(ascii: "&")) where !isPage(pair) {
            append(pair, to: &target)
            target.append(UInt8(ascii: "&"))
        }
        target += "cursor=".utf8
        append(cursor.utf8[...], to: &target)
        return "<?\(String(decoding: target, as: UTF8.self))>; rel=\"next\""
    }

    /// Whether a parameter says where a page begins, however it is spelled (`%63ursor`).
    private static func isPage(_ pair: Substring.UTF8View) -> Bool {
        let name = PercentCoding.decode(pair.prefix { $0 != UInt8(ascii: "=") }, plusIsSpace: true)
        return ["cursor", "offset"].contains(name)
    }

    /// Copies what may stand in a query (RFC 3986 §3.4) and percent-encodes the rest: a `>` would end the target.
    private static func append(_ text: Substring.UTF8View, to target: inout [UInt8]) {
        var rest = text
        while let byte = rest.popFirst() {
            let isEncoded =
                byte == UInt8(ascii: "%") && rest.prefix(2).count { ASCII.hexValue($0) != nil } == 2
            if isEncoded || mayStand(byte) {
                target.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                target += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func mayStand(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~!$&'()*+,;=:@/?".utf8.contains(byte)
        }
    }
}
