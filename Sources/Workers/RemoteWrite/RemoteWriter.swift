internal import Core
internal import Journal

/// Makes a request of remote-write durable, as one line, and shows its newest values in the export.
struct RemoteWriter: Sendable {
    let journal: Journal
    let registry: ComponentRegistry
    let latest: LatestValues
    let ids: Snowflake
    let identities: SeriesIdentities
    let limits: ReportLimits
    let metrics: RemoteWriteMetrics
    /// The most components that are made by themselves.
    let mostComponents: Int

    /// Stores what can be stored of a message; `block` is the message as it was received.
    ///
    /// - Returns: the request without the series that are not stored.
    func write(
        _ message: [UInt8],
        _ version: RemoteWriteVersion,
        block: [UInt8],
        arrivedAt arrival: Timestamp,
        isImport: Bool = false
    ) async throws(RemoteWriteFault) -> WriteRequest {
        var request: WriteRequest
        do throws(ProtobufError) {
            request = try WriteRequestDecoder.request(message, version, identities, limits)
        } catch {
            throw .malformed(error)
        }
        let components = await components(of: &request)
        let notice = SeriesLimitNotice(journal: journal, latest: latest)
        for component in admit(&request, components, arrivedAt: arrival) {
            notice.send(component, at: arrival)
        }
        guard !request.parts.isEmpty else {
            metrics.count(request)
            return request
        }
        let line = RemoteWriteLine(request, components, ids, isImport: isImport)
        do throws(JournalError) {
            try await journal.append(
                kind: line.kind,
                members: line.members,
                body: RemoteWriteLine.body(block)
            )
        } catch {
            throw .notStored(error)
        }
        var descriptions = WriteDescriptions(request.message)
        for (part, component) in zip(request.parts, line.components) {
            if !registry.knows(component) { registry.learn(component) }
            // What is imported is history, whenever it arrives.
            guard !isImport else { continue }
            latest.record(part, of: request, arrivedAt: arrival)
            latest.describe(part, of: request, &descriptions, arrivedAt: arrival)
        }
        metrics.count(request)
        return request
    }

    /// The components of the parts. A new one gets an id, by which it is known unless PostgreSQL has another.
    private func components(of request: inout WriteRequest) async -> [ComponentKey: Component] {
        var components: [ComponentKey: Component] = [:]
        var made = 0
        for part in request.parts {
            let key = part.component.key
            if case .found(let component) = await registry.find(key) {
                components[key] = component
            } else if registry.count + made < mostComponents {
                components[key] = Component(key: key, id: ids.mint())
                made += 1
            } else {
                request.reject(part, .tooManyComponents)
            }
        }
        request.parts.removeAll { components[$0.component.key] == nil }
        return components
    }

    /// Leaves out the series that are too many for their component.
    ///
    /// - Returns: the components at their bound.
    private func admit(
        _ request: inout WriteRequest,
        _ components: [ComponentKey: Component],
        arrivedAt arrival: Timestamp
    ) -> [Component] {
        var full: [Component] = []
        for index in request.parts.indices {
            let part = request.parts[index]
            guard let component = components[part.component.key] else { continue }
            let refused = latest.admit(part, of: request, component, at: arrival)
            guard !refused.isEmpty else { continue }
            full.append(component)
            for entry in refused { request.reject(request.entries[entry], .tooManySeries) }
            let gone = Set(refused)
            request.parts[index].entries.removeAll { gone.contains($0) }
            request.parts[index].samples -= refused.reduce(0) { $0 + request.entries[$1].samples.count }
        }
        request.parts.removeAll { $0.entries.isEmpty }
        // The line has its components in the order in which they come first without what is left out.
        request.parts.sort { ($0.entries.first ?? 0) < ($1.entries.first ?? 0) }
        return full
    }
}

/// Why nothing of a request is stored.
enum RemoteWriteFault: Error {
    case malformed(ProtobufError)
    case notStored(JournalError)
}

extension WriteRequest {
    fileprivate mutating func reject(_ part: Part, _ fault: SeriesFault) {
        for entry in part.entries { reject(entries[entry], fault) }
    }

    fileprivate mutating func reject(_ entry: Entry, _ fault: SeriesFault) {
        rejected.add(fault, entry.samples.count, at: entry.place)
    }
}
