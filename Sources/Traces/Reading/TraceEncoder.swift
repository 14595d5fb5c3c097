internal import Core
internal import OpenTelemetry

/// A trace as JSON: its spans in the order of the tree, each with its depth.
enum TraceEncoder {
    static func encode(_ tree: TraceTree, of trace: TraceID, isCut: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.member("traceId", trace.description)
            body.member("spanCount", tree.nodes.count)
            body.member("truncated", isCut)
            if let start = tree.nodes.map(\.span.start).min(), let end = tree.nodes.map(\.span.end).max() {
                body.member("start", moment(start))
                body.member("end", moment(end))
                body.member("durationMs", milliseconds(start, end))
            }
            body.array("spans") { list in
                for node in tree.nodes { write(node, to: &list) }
            }
        }
        return writer.bytes
    }

    private static func write(_ node: TraceTree.Node, to list: inout JSONWriter) {
        let span = node.span
        list.object { item in
            item.member("spanId", span.spanID.description)
            if let parent = span.parentID { item.member("parentSpanId", parent.description) }
            item.member("depth", node.depth)
            item.member("name", span.name)
            if let service = node.resource.first(where: { $0.key == "service.name" })?.value.text {
                item.member("service", service)
            }
            item.member("kind", word(span.kind))
            item.member("start", moment(span.start))
            item.member("end", moment(span.end))
            item.member("durationMs", milliseconds(span.start, span.end))
            item.member("status", "\(span.status.code)")
            if !span.status.message.isEmpty { item.member("statusMessage", span.status.message) }
            item.object("attributes") { write(span.attributes, to: &$0) }
            if !span.events.isEmpty {
                item.array("events") { events in
                    for event in span.events {
                        events.object { item in
                            item.member("time", moment(event.time))
                            item.member("name", event.name)
                            item.object("attributes") { write(event.attributes, to: &$0) }
                        }
                    }
                }
            }
            if !span.links.isEmpty {
                item.array("links") { links in
                    for link in span.links {
                        links.object { item in
                            item.member("traceId", link.traceID.description)
                            item.member("spanId", link.spanID.description)
                            item.object("attributes") { write(link.attributes, to: &$0) }
                        }
                    }
                }
            }
        }
    }

    /// Of equal names the last one stays.
    private static func write(_ attributes: [Attribute], to object: inout JSONWriter) {
        var last: [String: Int] = [:]
        for (index, attribute) in attributes.enumerated() { last[attribute.key] = index }
        for (index, attribute) in attributes.enumerated() where last[attribute.key] == index {
            object.member(attribute.key, raw: json(attribute.value))
        }
    }

    private static func json(_ value: AttributeValue) -> [UInt8] {
        var writer = JSONWriter()
        switch value {
        case .string(let text): writer.value(text)
        case .bool(let flag): writer.value(flag)
        case .int(let number): writer.value(number)
        // JSON has no infinities.
        case .double(let number):
            if number.isFinite { writer.value(number) } else { writer.value("\(number)") }
        case .bytes(let bytes): writer.value(Hex.encode(bytes))
        case .array(let items): writer.array { list in for item in items { list.raw(json(item)) } }
        case .map(let members): writer.object { write(members, to: &$0) }
        case .empty: writer.null()
        }
        return writer.bytes
    }

    private static func word(_ kind: Span.Kind) -> String {
        switch kind {
        case .unspecified: "unspecified"
        case .internalWork: "internal"
        case .server: "server"
        case .client: "client"
        case .producer: "producer"
        case .consumer: "consumer"
        }
    }

    private static func moment(_ nanoseconds: UInt64) -> String {
        Timestamp(microseconds: Int64(nanoseconds / 1000)).iso8601()
    }

    private static func milliseconds(_ start: UInt64, _ end: UInt64) -> Double {
        Double(end - min(start, end)) / 1_000_000
    }
}
