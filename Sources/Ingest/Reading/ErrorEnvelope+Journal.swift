import API
package import HTTP
package import Journal

extension ErrorEnvelope {
    /// The response when a line could not be made durable: the client's data was not stored. `what` names it:
    /// "event".
    package func response(to error: JournalError, storing what: String) -> Response {
        var response: Response
        switch error {
        case .diskFull:
            response = self.response(
                .insufficientStorage,
                "The disk of the journal is full: the \(what) was not stored."
            )
        case .lineTooLarge:
            response = self.response(
                .contentTooLarge,
                "The \(what) is larger than a line of the journal may be."
            )
        default:
            response = self.response(
                .serviceUnavailable,
                "The journal cannot be written at the moment: the \(what) was not stored. Send it again."
            )
        }
        response.fields.append("Retry-After", "1")
        return response
    }
}
