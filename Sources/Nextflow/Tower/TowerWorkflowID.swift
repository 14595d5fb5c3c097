internal import Core

/// The id by which Tower's client names a run in its paths: 16 letters and digits. Contract nextflow §5.3.
///
/// It is made of the session and the run's name alone, so that a `create` that is sent again gets the same id from any
/// Weir, also while PostgreSQL is away. It is the beginning of the run's key, so that every run has one, and can be found
/// by it: also a run that only the weblog has told.
enum TowerWorkflowID {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let length = 16
    /// The leading bits of a key that an id holds: 62 to the power of 16 is more than 2 to the power of 95.
    private static let bits = 95

    /// The id of a run.
    static func make(sessionID: String, runName: String) -> String {
        make(NextflowKeys.run(id: sessionID, name: runName))
    }

    /// The id of the run with a key.
    static func make(_ key: UUID128) -> String {
        var bytes: [UInt8] = []
        key.appendBytes(to: &bytes)
        var rest = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } >> (128 - bits)
        var digits = [UInt8](repeating: alphabet[0], count: length)
        for index in digits.indices.reversed() {
            digits[index] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The keys of the runs that have this id: those that begin with its bits. Nil for a text of another form.
    static func keys(of text: String) -> ClosedRange<UUID128>? {
        guard text.utf8.count == length else { return nil }
        var number = UInt128(0)
        for byte in text.utf8 {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            number = number * 62 + UInt128(digit)
        }
        guard number < 1 << bits else { return nil }
        let least = number << (128 - bits)
        guard let low = key(least), let high = key(least | (1 << (128 - bits) - 1)) else { return nil }
        return low...high
    }

    private static func key(_ number: UInt128) -> UUID128? {
        UUID128(bytes: (0..<16).map { UInt8(truncatingIfNeeded: number >> (120 - 8 * $0)) })
    }

    /// An id that no other run has, for a run that tells nothing of itself.
    static func random() -> String { make(.random()) }
}
