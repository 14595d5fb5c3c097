internal import Core

// The parts of OTLP that all signals share.
extension ProtobufWriter {
    /// Writes what is not the default of proto3.
    mutating func text(_ number: Int, _ text: String) {
        if !text.isEmpty { field(number, text) }
    }

    mutating func count(_ number: Int, _ value: UInt32) {
        if value != 0 { field(number, integer: Int64(value)) }
    }

    mutating func fixed(_ number: Int, _ value: UInt64) {
        if value != 0 { field(number, bits: value) }
    }

    mutating func attributes(_ number: Int, _ attributes: [Attribute]) {
        for attribute in attributes { field(number) { $0.attribute(attribute) } }
    }

    private mutating func attribute(_ attribute: Attribute) {
        text(1, attribute.key)
        field(2) { $0.value(attribute.value) }
    }

    private mutating func value(_ value: AttributeValue) {
        switch value {
        case .string(let text): field(1, text)
        case .bool(let flag): field(2, integer: flag ? 1 : 0)
        case .int(let number): field(3, integer: number)
        case .double(let number): field(4, bits: number.bitPattern)
        case .array(let elements):
            field(5) { array in for element in elements { array.field(1) { $0.value(element) } } }
        case .map(let members):
            field(6) { map in for member in members { map.field(1) { $0.attribute(member) } } }
        case .bytes(let bytes): field(7, bytes: bytes)
        case .empty: break
        }
    }

    mutating func resource(_ number: Int, _ attributes: [Attribute]) {
        field(number) { $0.attributes(1, attributes) }
    }

    mutating func scope(_ number: Int, _ scope: SpanBatch.Scope) {
        field(number) { part in
            part.text(1, scope.name)
            part.text(2, scope.version)
            part.attributes(3, scope.attributes)
        }
    }
}

extension ProtobufWriter {
    /// A request: batches of the same resource share a part of it, and `write` writes those of a scope.
    static func request<Batch>(
        _ batches: [Batch],
        _ resource: KeyPath<Batch, [Attribute]>,
        _ scope: KeyPath<Batch, SpanBatch.Scope>,
        _ write: (inout ProtobufWriter, Batch) -> Void
    ) -> [UInt8] {
        message { request in
            for group in grouped(batches, by: resource) {
                request.field(1) { part in
                    part.resource(1, group[0][keyPath: resource])
                    for batch in group {
                        part.field(2) { scoped in
                            scoped.scope(1, batch[keyPath: scope])
                            write(&scoped, batch)
                        }
                    }
                }
            }
        }
    }
}

/// The batches of each resource, as OTLP sends them: in one part of the request, in the order of the first.
private func grouped<Batch>(_ batches: [Batch], by resource: KeyPath<Batch, [Attribute]>) -> [[Batch]] {
    var groups: [[Batch]] = []
    var places: [[Attribute]: Int] = [:]
    for batch in batches {
        if let place = places[batch[keyPath: resource]] {
            groups[place].append(batch)
        } else {
            places[batch[keyPath: resource]] = groups.count
            groups.append([batch])
        }
    }
    return groups
}
