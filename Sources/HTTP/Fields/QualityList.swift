/// The members of `Accept`, `Accept-Encoding` and the like, with their weights (RFC 9110 §12.4.2).
struct QualityList {
    struct Member: Equatable {
        /// Lower-case, without parameters.
        var name: String
        /// Lower-case names and values, without the weight and what follows it.
        var parameters: [String: String]
        /// The weight in thousandths, 0...1000.
        var quality: Int
    }

    let members: [Member]

    /// Members with an unreadable weight are left out.
    init(_ list: [String]) {
        members = list.compactMap(Self.member)
    }

    private static func member(_ text: String) -> Member? {
        let pieces = text.lowercased().split(separator: ";", omittingEmptySubsequences: false)
        var parts = pieces.map { String(decoding: ASCII.trimmed($0.utf8), as: UTF8.self) }
        var member = Member(name: parts.removeFirst(), parameters: [:], quality: 1000)
        guard !member.name.isEmpty else { return nil }
        for part in parts {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { continue }
            let name = String(decoding: ASCII.trimmed(halves[0].utf8), as: UTF8.self)
            let value = ASCII.trimmed(halves[1].utf8)
            guard name != "q" else {
                guard let quality = quality(value) else { return nil }
                member.quality = quality
                return member
            }
            member.parameters[name] = String(decoding: value, as: UTF8.self).filter { $0 != "\"" }
        }
        return member
    }

    /// `0`, `0.5`, `1.000`; also `.2`, which Java sends.
    private static func quality(_ text: some Collection<UInt8>) -> Int? {
        let whole = text.prefix { $0 != UInt8(ascii: ".") }
        let fraction = text.dropFirst(whole.count + 1)
        guard text.count > 0, whole.count <= 1, fraction.count <= 3, fraction.allSatisfy(ASCII.isDigit) else {
            return nil
        }
        var thousandths = 0
        switch whole.first {
        case nil where !fraction.isEmpty, UInt8(ascii: "0"): break
        case UInt8(ascii: "1"): thousandths = 1000
        default: return nil
        }
        var unit = 100
        for digit in fraction {
            thousandths += Int(digit - UInt8(ascii: "0")) * unit
            unit /= 10
        }
        return thousandths <= 1000 ? thousandths : nil
    }
}
