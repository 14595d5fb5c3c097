internal import Core

/// Reads a request of remote-write. Unknown fields are ignored.
///
/// The labels of a series are read only when their bytes are new to this process.
struct WriteRequestDecoder {
    /// A series as it is in the message.
    private struct Raw {
        /// Its number in the request.
        let place: Int
        var labels: Range<Int>?
        var metadata: Range<Int>?
        var samples: Range<Int>
    }

    private let identities: SeriesIdentities
    private let limits: ReportLimits
    /// The most series, and half of the most texts and samples. Two bytes of a message may take fifty here: a
    /// small request could take all memory.
    private let mostParts: Int
    private var newLabelBytes = 0
    private var request: WriteRequest
    private var raw: [Raw] = []
    private var lastPart = 0
    private var partByKey: [ComponentKey: Int] = [:]

    private init(_ message: WriteMessage, _ identities: SeriesIdentities, _ limits: ReportLimits) {
        self.identities = identities
        self.limits = limits
        mostParts = Self.mostParts(message.bytes, limits)
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
        if version == .v2 { message.symbols = try symbols(bytes, limits) }
        var decoder = WriteRequestDecoder(message, identities, limits)
        try decoder.readSeries()
        try decoder.sort(leavingOut: dropped)
        return decoder.request
    }

    // MARK: - The message

    private static func symbols(
        _ bytes: [UInt8],
        _ limits: ReportLimits
    ) throws(ProtobufError) -> [Range<Int>] {
        let most = mostParts(bytes, limits)
        var symbols: [Range<Int>] = []
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            guard field.number == 4, let range = field.value.range else { continue }
            guard symbols.count < most * 2 else { throw .tooManyParts }
            symbols.append(range)
        }
        return symbols
    }

    private static func mostParts(_ bytes: [UInt8], _ limits: ReportLimits) -> Int {
        limits.partBytes == 0 ? .max / 4 : max(bytes.count / limits.partBytes, 1000)
    }

    private mutating func readSeries() throws(ProtobufError) {
        let (version, bytes) = (request.message.version, request.message.bytes)
        let seriesField = version == .v1 ? 1 : 5
        var place = 0
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            if version == .v1, field.number == 3 { request.descriptions += 1 }
            guard field.number == seriesField else { continue }
            guard let range = field.value.range else { throw .wireType }
            if let series = try series(bytes, range, version, at: place) { raw.append(series) }
            guard raw.count <= mostParts else { throw .tooManyParts }
            place += 1
        }
    }

    /// Reads the samples of a series; nil when it has none.
    private mutating func series(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        _ version: RemoteWriteVersion,
        at place: Int
    ) throws(ProtobufError) -> Raw? {
        let histogramField = version == .v1 ? 4 : 3
        let exemplarField = version == .v1 ? 3 : 4
        let first = request.times.count
        var (labels, metadata): (Range<Int>?, Range<Int>?)
        var start = version == .v1 ? Self.endOfUsualLabels(bytes, range) : range.lowerBound
        if start > range.lowerBound { labels = range.lowerBound..<start }
        var reader = ProtobufReader(bytes, in: start..<range.upperBound)
        while let field = try reader.next() {
            defer { start = reader.offset }
            switch field.number {
            case 1: labels = (labels?.lowerBound ?? start)..<reader.offset
            case 2:
                guard let sample = field.value.range else { throw .wireType }
                try readSample(bytes, sample)
                guard request.times.count <= mostParts * 2 else { throw .tooManyParts }
            case histogramField: request.histograms += 1
            case exemplarField: request.exemplars += 1
            case 5 where version == .v2: metadata = field.value.range
            default: break
            }
        }
        guard request.times.count > first else { return nil }
        return Raw(place: place, labels: labels, metadata: metadata, samples: first..<request.times.count)
    }

    /// The end of the labels at the beginning of a series of version 1 that have less than 128 bytes each: nearly always
    /// all of them.
    private static func endOfUsualLabels(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var end = range.lowerBound
            while end + 2 <= range.upperBound, bytes[end] == 0x0A, bytes[end + 1] < 0x80 {
                let next = end + 2 + Int(bytes[end + 1])
                guard next <= range.upperBound else { break }
                end = next
            }
            return end
        }
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
        request.entries.reserveCapacity(raw.count)
        var dropped = dropped[...]
        for (index, series) in raw.enumerated() {
            if dropped.first == series.place {
                dropped = dropped.dropFirst()
                continue
            }
            let identity: SeriesIdentity
            do throws(SeriesFault) {
                if let old = known[index] {
                    identity = old
                } else {
                    identity = try read(series.labels ?? 0..<0, digests[index])
                }
                guard request.times[series.samples].allSatisfy(Self.isStorable) else { throw .badTime }
            } catch {
                request.rejected.add(error, series.samples.count, at: series.place)
                continue
            }
            add(series, identity)
        }
    }

    private static func isStorable(_ time: Int64) -> Bool {
        time >= Timestamp.earliest.microseconds && time <= Timestamp.latest.microseconds
    }

    private mutating func read(_ labels: Range<Int>, _ digest: RawDigest) throws(SeriesFault)
        -> SeriesIdentity
    {
        let sent = try request.message.labels(in: labels, limits)
        newLabelBytes += sent.name.utf8.count
        for label in sent.labels.pairs { newLabelBytes += label.name.utf8.count + label.value.utf8.count }
        guard newLabelBytes <= limits.newLabelBytes else { throw .tooLarge }
        return identities.learn(digest, Series.remoteKey(sent), of: sent.component)
    }

    private mutating func add(_ series: Raw, _ identity: SeriesIdentity) {
        let entry = WriteRequest.Entry(
            place: series.place,
            labels: series.labels ?? 0..<0,
            metadata: series.metadata,
            samples: series.samples,
            identity: identity
        )
        let part = part(of: identity.component)
        request.parts[part].entries.append(request.entries.count)
        request.parts[part].samples += series.samples.count
        request.entries.append(entry)
    }

    /// Neighbours are nearly always of one component.
    private mutating func part(of component: SeriesIdentity.SharedComponent) -> Int {
        if lastPart < request.parts.count, request.parts[lastPart].component === component { return lastPart }
        lastPart = partByKey[component.key] ?? request.parts.count
        if lastPart == request.parts.count {
            partByKey[component.key] = lastPart
            request.parts.append(WriteRequest.Part(component: component))
        }
        return lastPart
    }
}
