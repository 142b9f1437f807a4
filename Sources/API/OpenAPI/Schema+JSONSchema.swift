internal import Catalog
internal import JSON
internal import Store

extension Schema {
    /// The use of a schema, which decides how strict it is.
    enum Use {
        /// Sent by the server: exactly the declared members.
        case answer
        /// Sent by a client: optional members may be null, undeclared ones are ignored.
        case request
        /// As ``request``, but as a form, which has no null.
        case form
    }

    /// Returns the shape as JSON Schema; named schemas are referenced.
    func jsonSchema(_ use: Use) -> JSON {
        switch self {
        case .any: return [:]
        case .null: return ["type": "null"]
        case .string: return ["type": "string"]
        case .integer: return .integer
        case .count: return JSON.integer.with("minimum", 0)
        case .number: return ["type": "number"]
        case .bool: return ["type": "boolean"]
        case .timestamp: return .timestamp
        case .texts:
            return ["type": ["array", "string"], "items": ["type": "string"]]
        // No path separators and control characters; `.` and `..` are refused as well.
        case .fileName:
            return [
                "type": "string", "minLength": 1, "maxLength": 1024, "pattern": #"^[^/\\\u0000-\u001f\u007f-\u009f]+$"#,
            ]
        case .oneOf(let values): return ["type": "string", "enum": .array(values.map(JSON.string))]
        case .object(let members): return Self.object(members, use)
        case .map(let value): return ["type": "object", "additionalProperties": value.jsonSchema(use)]
        case .array(let element): return ["type": "array", "items": element.jsonSchema(use)]
        case .nullable(let value): return value.jsonSchema(use).orNull
        case .document(let resource): return .reference(resource.typeName)
        case .draft(let resource): return .reference(resource.typeName + "Draft")
        case .change(let resource): return .reference(resource.typeName + "Change")
        case .page(let resource): return .reference(resource.typeName + "Page")
        case .counted:
            let plan = JSON.object(
                of: ["count": Schema.count.jsonSchema(.answer), "explain": .reference(Schema.planName)],
                required: ["count", "explain"]
            )
            return ["anyOf": [Schema.count.jsonSchema(.answer), plan.closed]]
        case .plan: return .reference(Schema.planName)
        case .receipt: return IngestReceipt.schema.jsonSchema(.answer)
        case .filter where use == .form: return ["type": "object", "additionalProperties": ["type": "string"]]
        case .filter(let resource): return .reference(resource.typeName + "Filter")
        case .message: return .reference("Message")
        case .bytes: return ["type": "string", "contentMediaType": "application/octet-stream"]
        case .html: return ["type": "string", "contentMediaType": "text/html"]
        }
    }

    /// Returns the schema of a required value: an empty text counts as missing.
    private func notEmpty(_ schema: JSON) -> JSON {
        switch self {
        case .string: schema.with("minLength", 1)
        case .texts: schema.with("minItems", 1).with("pattern", "[^,]")
        default: schema
        }
    }

    private static func object(_ members: [Member], _ use: Use) -> JSON {
        var properties = JSONObject()
        for member in members {
            var schema = member.schema.jsonSchema(use)
            if use == .request, !member.isRequired { schema = schema.orNull }
            if use != .answer, member.isRequired { schema = member.schema.notEmpty(schema) }
            if !member.summary.isEmpty { schema = schema.with("description", .string(member.summary)) }
            properties[member.name] = schema
        }
        let schema: JSON = .object(of: properties, required: members.filter(\.isRequired).map(\.name))
        return use == .answer ? schema.closed : schema
    }

    /// The named schemas of `components/schemas` in this shape or anywhere below it.
    var components: [(name: String, schema: JSON)] {
        switch self {
        case .any, .null, .string, .integer, .count, .number, .bool, .timestamp, .texts, .fileName, .oneOf, .bytes,
            .html, .receipt:
            []
        case .object(let members): members.flatMap(\.schema.components)
        case .map(let schema), .array(let schema), .nullable(let schema): schema.components
        case .document(let resource): resource.storedSchemas
        case .page(let resource):
            resource.storedSchemas + [(resource.typeName + "Page", resource.pageSchema)] + Schema.plan.components
        case .counted: Schema.plan.components
        case .plan: [(Schema.planName, QueryPlan.schema.jsonSchema(.answer))]
        case .draft(let resource): resource.senderSchemas + [(resource.typeName + "Draft", resource.draftSchema)]
        case .change(let resource): resource.senderSchemas + [(resource.typeName + "Change", resource.changeSchema)]
        case .filter(let resource): [(resource.typeName + "Filter", resource.filterSchema)]
        case .message: [("Message", Self.messageSchema)]
        }
    }

    static let planName = "QueryPlan"

    private static let messageSchema: JSON = [
        "type": "object",
        "description": "A message; some responses have further members.",
        "properties": ["message": ["type": "string"]],
        "required": ["message"],
    ]
}

extension JSON {
    static let integer: JSON = ["type": "integer", "format": "int64", "minimum": .lowest, "maximum": .highest]
    static let timestamp: JSON = ["type": "string", "format": "date-time"]

    private static let lowest: JSON = .number(JSONNumber(Int64.min))
    private static let highest: JSON = .number(JSONNumber(Int64.max))

    static func reference(_ name: String) -> JSON {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    static func object(of properties: JSONObject, required: [String]) -> JSON {
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = .array(required.map(JSON.string)) }
        return .object(schema)
    }

    /// This schema, for an object without other members.
    var closed: JSON { with("additionalProperties", false) }

    /// Returns this schema with another keyword.
    func with(_ keyword: String, _ value: JSON) -> JSON {
        guard case .object(var object) = self else { return self }
        object[keyword] = value
        return .object(object)
    }

    /// This schema, with null allowed.
    var orNull: JSON {
        guard case .object(var object) = self else { return self }
        if object["$ref"] != nil { return ["anyOf": [self, ["type": "null"]]] }
        switch object["type"] {
        case .string(let type)?: object["type"] = [.string(type), "null"]
        case .array(let types)? where !types.contains("null"): object["type"] = .array(types + ["null"])
        default: return self
        }
        if let values = object["enum"]?.array { object["enum"] = .array(values + [.null]) }
        return .object(object)
    }
}
