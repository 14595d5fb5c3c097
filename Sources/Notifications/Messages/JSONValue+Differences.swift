extension JSONValue {
    /// The members in which two objects differ, by name; those of objects within objects with a dotted path. The order of
    /// members, null and nothing, `0.20` and `0.2` make no difference.
    package func differences(to other: JSONValue) -> [String] {
        let names = Set(members.map(\.name) + other.members.map(\.name)).sorted()
        return names.flatMap { name -> [String] in
            let (left, right) = ((self[name] ?? .null).normal, (other[name] ?? .null).normal)
            if left == right { return [] }
            guard left.isObject, right.isObject else { return [name] }
            return left.differences(to: right).map { "\(name).\($0)" }
        }
    }

    /// Equal for what means the same.
    private var normal: JSONValue {
        switch self {
        case .null, .flag, .text: return self
        case .number(let digits):
            guard let number = Double(String(decoding: digits, as: UTF8.self)) else { return self }
            let shown = Int64(exactly: number).map(String.init) ?? "\(number)"
            return .number(Array(shown.utf8))
        case .list(let elements): return .list(elements.map(\.normal))
        case .object(let members):
            let kept = members.map { Member($0.name, $0.value.normal) }.filter { $0.value != .null }
            return .object(kept.sorted { $0.name < $1.name })
        }
    }
}
