/// What programs need to know that write configurations.
extension ChannelKind {
    /// The keys of a configuration, those of references to secrets among them, in their order.
    package var keys: [String] {
        fields.flatMap { $0.mayBeReference ? [$0.name, $0.referenceName] : [$0.name] }
    }

    /// Whether what stands under a key is text even where it looks like a number: a telephone number, a token.
    package func takesText(_ key: String) -> Bool {
        guard let field = fields.first(where: { $0.name == key }) else { return true }
        return switch field.form {
        case .integer, .flag, .chat, .objects: false
        default: true
        }
    }
}
