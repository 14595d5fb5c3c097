internal import Core
internal import HTTP

/// A request from the end of its head to the end of both its body and its response.
struct ActiveRequest {
    /// The receiver of the body.
    enum Sink {
        case collect(@Sendable (Request, Exchange) -> Void)
        case stream(@Sendable (Request, RequestBodyStream, Exchange) -> Void)
        /// The response was given already.
        case drop
    }

    let head: RequestHead
    let framing: BodyFraming
    let id: String
    let receivedAt: Timestamp
    /// In monotonic nanoseconds.
    let startedAt: UInt64

    /// The route of the request; nil when there is none.
    var route: RouteLabel?
    /// The content coding that the handler decodes itself.
    var ownCoding: String?
    var sink = Sink.drop
    /// The body as far as it has arrived, decoded; moved out when the handler is called.
    var collected: [UInt8] = []
    /// The stream of a streamed body.
    var body: BodyChannel?
    var decoder: ContentDecoder?
    /// The part of the last piece that is not decoded yet; nil when all is decoded.
    var undecoded: [UInt8]?
    /// Bytes of the budget that this request holds.
    var reserved = 0
    /// Whether the first reservation was granted and `100 Continue` sent.
    var isBodyAdmitted = false
    /// The most bytes that may be collected.
    var mostBytes = 0
    /// Bytes of the body as received.
    var receivedBytes = 0
    /// The same since the deadline was last set.
    var receivedInWindow = 0

    var encoder: ResponseEncoder?
    /// Whether the body of the response has no end of its own.
    var isEndless = false
    var status: Status?
    /// Bytes of the response, as encoded.
    var sentBytes = 0
    /// The task of the handler, or of writing the response.
    var task: Task<Void, Never>?
    var isReported = false

    init(head: RequestHead, framing: BodyFraming, id: String) {
        self.head = head
        self.framing = framing
        self.id = id
        receivedAt = .now()
        startedAt = monotonicNow()
    }

    /// Whether the rest of the body can be read and dropped at little cost.
    func isDrainable(upTo limit: Int) -> Bool {
        switch framing {
        case .none: true
        // A client that waits for `100 Continue` may send the body or not: only closing is unambiguous.
        case .length(let bytes): bytes - receivedBytes <= limit && (isBodyAdmitted || !head.expectsContinue)
        case .chunked: false
        }
    }

    /// Takes a piece of the body, as received; the part that is too much for one turn waits in `undecoded`.
    mutating func collect(_ bytes: UnsafeRawBufferPointer) throws(RequestError) {
        makeRoom()
        guard let decoder else {
            collected.append(contentsOf: bytes)
            return
        }
        undecoded = nil
        // No more than was reserved, or the small amount that is allowed beyond it.
        let covered = max(reserved - collected.count, ActiveRequest.reservationStep)
        let work = min(covered, ActiveRequest.decodingStep)
        let progress = try decoder.decode(bytes, work: work, into: &collected)
        if !progress.isDry { undecoded = Array(bytes.dropFirst(progress.consumed)) }
    }

    /// Reserves the address space of a large body at once.
    ///
    /// A growing array would be copied on the lane, for 10 ms at 16 MiB; unwritten pages cost no memory.
    private mutating func makeRoom() {
        guard collected.count >= ActiveRequest.largeBody, collected.capacity < mostBytes else { return }
        collected.reserveCapacity(min(mostBytes, ActiveRequest.mostRoom))
    }

    private static let largeBody = 1 << 20
    private static let mostRoom = 65 << 20

    /// Bytes to inflate before other connections get their turn.
    private static let decodingStep = 256 << 10

    /// Moves the collected bytes out; nil when there are none.
    mutating func takeCollected() -> [UInt8]? {
        guard !collected.isEmpty else { return nil }
        defer { collected = [] }
        return collected
    }

    /// The bytes of the budget to be granted before the body is read.
    ///
    /// A small part of the announced length: announcing is free, and a few clients that never send would use up the
    /// budget.
    func firstReservation(window: Int) -> Int {
        let announced =
            switch framing {
            case .none: 0
            case .length(let bytes): bytes
            case .chunked: ActiveRequest.reservationStep
            }
        if case .stream = sink { return min(announced, window) }
        return min(announced, ActiveRequest.reservationStep)
    }

    /// How much more to reserve for the collected bytes; 0 while they are covered. Reservations double.
    var reservationForGrowth: Int {
        guard collected.count > reserved else { return 0 }
        let step = max(collected.count - reserved, reserved, ActiveRequest.reservationStep)
        guard decoder == nil, case .length(let bytes) = framing else { return step }
        return min(step, bytes - reserved)
    }

    private static let reservationStep = 16 << 10

    func request(info: ConnectionInfo, body: [UInt8], trailers: HeaderFields) -> Request {
        Request(
            head: head,
            body: body,
            trailers: trailers,
            peer: info.peer,
            listener: info.listener,
            id: id,
            receivedAt: receivedAt
        )
    }
}
