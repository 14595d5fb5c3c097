package import Core

// MARK: - JSON Schema, as in OpenAPI 3.1

extension APIType {
    /// Where documents keep named schemas.
    private static let components = "#/components/schemas/"

    /// Writes a type as a member.
    package func write(_ name: String, to writer: inout JSONWriter) {
        writer.object(name) { write(to: &$0) }
    }

    /// Writes the keywords of a type into an object.
    package func write(to object: inout JSONWriter) {
        if let schema { object.member("$ref", Self.components + schema.name) }
        if !alternatives.isEmpty {
            object.array("anyOf") { list in
                for type in alternatives { list.object { type.write(to: &$0) } }
            }
        }
        if kinds.count == 1 { object.member("type", kinds[0].rawValue) }
        if kinds.count > 1 {
            object.array("type") { list in for kind in kinds { list.value(kind.rawValue) } }
        }
        if let least { object.member("minimum", least) }
        if let most { object.member("maximum", most) }
        if let range {
            object.member("minimum", range.lowerBound)
            object.member("maximum", range.upperBound)
        }
        writeTextRules(to: &object)
        items.first?.write("items", to: &object)
        if let mostItems { object.member("maxItems", mostItems) }
        values.first?.write("additionalProperties", to: &object)
        if let note { object.member("description", note) }
    }

    private func writeTextRules(to object: inout JSONWriter) {
        if let format { object.member("format", format) }
        if let pattern { object.member("pattern", pattern) }
        if let shortest { object.member("minLength", shortest) }
        if let longest { object.member("maxLength", longest) }
        guard !words.isEmpty else { return }
        object.array("enum") { list in
            for word in words { list.value(word) }
            if kinds.contains(.null) { list.null() }
        }
    }

    /// Every named schema within a type, the outer one first.
    package var schemas: [APISchema] {
        let inner = items + values + alternatives + (schema?.members.map(\.type) ?? [])
        return (schema.map { [$0] } ?? []) + inner.flatMap(\.schemas)
    }
}

extension APISchema {
    /// Writes the description of the object itself.
    package func write(to object: inout JSONWriter) {
        object.member("type", APIType.Kind.object.rawValue)
        let required = members.filter(\.isRequired)
        if !required.isEmpty {
            object.array("required") { list in for member in required { list.value(member.name) } }
        }
        object.object("properties") { properties in
            for member in members { member.type.write(member.name, to: &properties) }
        }
    }
}
