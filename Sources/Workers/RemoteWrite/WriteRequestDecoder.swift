internal import Core

/// Reads a request of remote-write. Unknown fields are ignored.
///
/// The labels of a series are read only when their bytes are new to this process.
struct WriteRequestDecoder {
    /// A series as it is in the message.
    private struct Raw {
        var labels: Range<Int>?
        var metadata: Range<Int>?
        var samples: Range<Int>
    }

    private let identities: SeriesIdentities
    private let limits: ReportLimits
    private var request: WriteRequest
    private var raw: [Raw] = []
    private var lastPart = 0
    private var partByKey: [ComponentKey: Int] = [:]

    private init(_ message: WriteMessage, _ identities: SeriesIdentities, _ limits: ReportLimits) {
        self.identities = identities
        self.limits = limits
        request = WriteRequest(message: message)
    }

    /// Reads a message. `dropped` are the numbers of series to leave out, ascending.
    ///
    /// - Throws: when it is not a message of this version; a fault of one series costs only that series.
    static func request(
        _ bytes: [UInt8],
        _ version: RemoteWriteVersion,
        _ identities: SeriesIdentities,
        _ limits: ReportLimits,
        leavingOut dropped: [Int] = []
    ) throws(ProtobufError) -> WriteRequest {
        var message = WriteMessage(bytes: bytes, version: version)
        if version == .v2 { message.symbols = try symbols(bytes) }
        var decoder = WriteRequestDecoder(message, identities, limits)
        try decoder.readSeries()
        try decoder.sort(leavingOut: dropped)
        return decoder.request
    }

    // MARK: - The message

    private static func symbols(_ bytes: [UInt8]) throws(ProtobufError) -> [Range<Int>] {
        var symbols: [Range<Int>] = []
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            if field.number == 4, let range = field.value.range { symbols.append(range) }
        }
        return symbols
    }

    private mutating func readSeries() throws(ProtobufError) {
        let (version, bytes) = (request.message.version, request.message.bytes)
        let seriesField = version == .v1 ? 1 : 5
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            if version == .v1, field.number == 3 { request.descriptions += 1 }
            guard field.number == seriesField else { continue }
            guard let range = field.value.range else { throw .wireType }
            try readSeries(bytes, range, version)
        }
    }

    private mutating func readSeries(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        _ version: RemoteWriteVersion
    ) throws(ProtobufError) {
        let histogramField = version == .v1 ? 4 : 3
        let exemplarField = version == .v1 ? 3 : 4
        let first = request.times.count
        var (labels, metadata): (Range<Int>?, Range<Int>?)
        var reader = ProtobufReader(bytes, in: range)
        var start = range.lowerBound
        while let field = try reader.next() {
            defer { start = reader.offset }
            switch field.number {
            case 1: labels = (labels?.lowerBound ?? start)..<reader.offset
            case 2:
                guard let sample = field.value.range else { throw .wireType }
                try readSample(bytes, sample)
            case histogramField: request.histograms += 1
            case exemplarField: request.exemplars += 1
            case 5 where version == .v2: metadata = field.value.range
            default: break
            }
        }
        raw.append(Raw(labels: labels, metadata: metadata, samples: first..<request.times.count))
    }

    private mutating func readSample(_ bytes: [UInt8], _ range: Range<Int>) throws(ProtobufError) {
        var value = 0.0
        var milliseconds: Int64 = 0
        if let sample = Self.usualSample(bytes, range) {
            (value, milliseconds) = sample
        } else {
            var reader = ProtobufReader(bytes, in: range)
            while let field = try reader.next() {
                if field.number == 1, let number = field.value.double { value = number }
                if field.number == 2, let number = field.value.signed { milliseconds = number }
            }
        }
        request.values.append(value)
        // Beyond the calendar it is refused below.
        let (time, isBeyond) = milliseconds.multipliedReportingOverflow(by: 1000)
        request.times.append(isBeyond ? .max : time)
    }

    /// A sample as nearly all senders write it: the value, then the time, and nothing else.
    private static func usualSample(_ bytes: [UInt8], _ range: Range<Int>) -> (Double, Int64)? {
        let start = range.lowerBound
        guard range.count >= 11, bytes[start] == 0x09, bytes[start + 9] == 0x10 else { return nil }
        let bits = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start + 1, as: UInt64.self) }
        var rest = ProtobufReader(bytes, in: (start + 10)..<range.upperBound)
        guard let time = try? rest.varint(), rest.isAtEnd else { return nil }
        return (Double(bitPattern: UInt64(littleEndian: bits)), Int64(bitPattern: time))
    }

    // MARK: - Series

    private mutating func sort(leavingOut dropped: [Int]) throws(ProtobufError) {
        let symbols = request.message.symbolDigests
        var digests: [RawDigest] = []
        digests.reserveCapacity(raw.count)
        for series in raw {
            digests.append(try request.message.digest(of: series.labels ?? 0..<0, symbols))
        }
        let known = identities.find(digests)
        var dropped = dropped[...]
        for place in raw.indices {
            if dropped.first == place {
                dropped = dropped.dropFirst()
                continue
            }
            let samples = raw[place].samples
            guard !samples.isEmpty else { continue }
            let identity: SeriesIdentities.Identity
            do throws(SeriesFault) {
                if let old = known[place] {
                    identity = old
                } else {
                    identity = try read(raw[place].labels ?? 0..<0, digests[place])
                }
                guard request.times[samples].allSatisfy(Self.isStorable) else { throw .badTime }
            } catch {
                request.rejected.add(error, samples.count, at: place)
                continue
            }
            add(identity, place, samples)
        }
    }

    private static func isStorable(_ time: Int64) -> Bool {
        time >= Timestamp.earliest.microseconds && time <= Timestamp.latest.microseconds
    }

    private func read(_ labels: Range<Int>, _ digest: RawDigest) throws(SeriesFault)
        -> SeriesIdentities.Identity
    {
        let sent = try request.message.labels(in: labels, limits)
        return identities.learn(digest, Series.remoteKey(sent), of: sent.component)
    }

    private mutating func add(_ identity: SeriesIdentities.Identity, _ place: Int, _ samples: Range<Int>) {
        let entry = WriteRequest.Entry(
            place: place,
            labels: raw[place].labels ?? 0..<0,
            metadata: raw[place].metadata,
            samples: samples,
            key: identity.key
        )
        let part = part(of: identity.component)
        request.parts[part].entries.append(request.entries.count)
        request.parts[part].samples += samples.count
        request.entries.append(entry)
    }

    /// Neighbours are nearly always of one component.
    private mutating func part(of component: SeriesIdentities.SharedComponent) -> Int {
        if lastPart < request.parts.count, request.parts[lastPart].component === component { return lastPart }
        lastPart = partByKey[component.key] ?? request.parts.count
        if lastPart == request.parts.count {
            partByKey[component.key] = lastPart
            request.parts.append(WriteRequest.Part(component: component))
        }
        return lastPart
    }
}
