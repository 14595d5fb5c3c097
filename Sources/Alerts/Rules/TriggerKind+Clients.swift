package import API
internal import Core

/// What programs need to know that write rules.
extension TriggerKind {
    /// The names of what a rule of this kind can be told, in their order.
    package var configNames: [String] { fields.map(\.name) }

    /// What is wrong with a configuration of this kind; text that is not JSON is no configuration at all.
    package func problems(with config: [UInt8]) -> [OperatorFailure.Diagnostic] {
        guard let root = try? JSONDocument(config).root else {
            return [.init("trigger_config", "wrong_type", "is not an object")]
        }
        return TriggerConfig.issues(self, root)
    }
}
