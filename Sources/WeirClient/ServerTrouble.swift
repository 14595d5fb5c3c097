/// Why a server has not taken a request.
package enum ServerTrouble: Sendable, Equatable {
    /// The address is neither http nor https.
    case badAddress
    /// No connection, or no response in time; with the reason.
    case unreachable(String)
    /// 401 or 403.
    case unauthorised(status: Int)
    /// It is busy or has failed: 429 or 5xx.
    case busy(status: Int)
    /// The response is not Weir's.
    case notWeir(status: Int)
    /// It refuses the record; the status, and the reason.
    case refused(status: Int, String)

    /// What happened at an address, and what to do; `api` is what the server is expected to have.
    package func sentence(_ url: String, api: String = "Weir's runs API") -> String {
        let url = ShownURL.text(url)
        return switch self {
        case .badAddress:
            "\(url) is not an address of a server; set WEIR_URL to one like http://127.0.0.1:8765"
        case .unreachable(let why):
            "no server at \(url) (\(why)); start Weir, or set WEIR_URL to its address"
        case .unauthorised(let status):
            "\(url) needs a token with the scope ingest (\(status)); set WEIR_TOKEN to one of `weir token create`"
        case .busy(let status): "\(url) can't take it now (\(status)); see the server's log"
        case .notWeir(let status):
            "the server at \(url) is not \(api) (\(status)); set WEIR_URL to Weir's address"
        case .refused(let status, ""): "\(url) refuses the record (\(status))"
        case .refused(let status, let why): "\(url) refuses the record (\(status)): \(why)"
        }
    }
}
