internal import Catalog
internal import JSON
internal import Store

extension Resource {
    /// The name of its documents' schema: `Session`.
    var typeName: String { singular.prefix(1).uppercased() + singular.dropFirst() }

    /// The schemas of a stored document and of the senders in it.
    var storedSchemas: [(name: String, schema: JSON)] {
        (namesSenders ? [("Node", Field.nodeSchema)] : []) + [(typeName, storedSchema)]
    }

    /// The schemas of the senders in a request.
    var senderSchemas: [(name: String, schema: JSON)] {
        namesSenders ? [("NodeDraft", Field.nodeDraftSchema)] : []
    }

    /// A page of a list: `{"count":N,"result":[…]}`, on request with the query plan.
    var pageSchema: JSON {
        JSON.object(
            of: [
                "count": JSON.integer.with("minimum", 0).with("description", "How many match, on all pages"),
                "result": ["type": "array", "items": .reference(typeName)],
                "explain": .reference(Schema.planName),
            ],
            required: ["count", "result"]
        ).closed
    }

    private var namesSenders: Bool { fields.contains { $0.kind == .nodeRef } }

    /// A stored document: every field and both time stamps are present; unset ones are null.
    ///
    /// Fields that earlier versions did not have may be missing.
    private var storedSchema: JSON {
        var properties = JSONObject()
        for field in fields {
            properties[field.name] = field.name == key ? field.storedSchema : field.storedSchemaOrNull
        }
        for stamp in Self.stamps { properties[stamp] = .timestamp }
        let required = fields.filter { !$0.isNew }.map(\.name) + Self.stamps
        return JSON.object(of: properties, required: required).closed
    }

    /// The fields to store a document; a required field may be replaced by one of its sources.
    var draftSchema: JSON {
        var schema = fields.draftSchema.with(
            "description",
            "Every field that may be sent. committed_at and updated_at are accepted and ignored."
        )
        let alternatives = fields.filter { $0.isRequired && !$0.sources.isEmpty }.map(\.presenceSchema)
        switch alternatives.count {
        case 0: break
        case 1: schema = schema.with("anyOf", alternatives[0])
        default: schema = schema.with("allOf", .array(alternatives.map { ["anyOf": $0] }))
        }
        return schema
    }

    /// The fields to change a document; all are optional.
    var changeSchema: JSON {
        var properties = JSONObject()
        for field in fields where field.name != key && mutableFields?.contains(field.name) != false {
            properties[field.name] = field.draftSchema(isPartial: true)
        }
        return JSON.object(of: properties, required: []).closed.with("description", "The fields to change.")
    }

    /// Conditions: any name is valid; those of the fields are listed as documentation.
    var filterSchema: JSON {
        var properties = JSONObject()
        for name in fields.map(\.name) + schema.indexes.map(\.text) + Self.stamps + aliases.keys.sorted() {
            properties[name] = isTime(name) ? Self.timeConditionSchema : [:]
        }
        return [
            "description": """
            An object of conditions, all of which must hold. A name is a field, a nested one with dots; __gt, __gte, __lt, __lte, __ne \
            or __eq at its end is the operator, default: equality. A comma or a list separates alternatives; null matches unset fields. \
            A body that is not an object has no conditions.
            """,
            "properties": .object(properties),
        ]
    }
}

extension Resource {
    /// What a time is compared with; other notations of a time are accepted, too.
    private static let timeConditionSchema = timeSchema("string", "number", "null", "array")
        .with("items", timeSchema("string", "number", "null"))

    private static func timeSchema(_ types: JSON...) -> JSON {
        [
            "type": .array(types), "format": "date-time", "minimum": -62_135_596_800, "maximum": 253_402_300_799,
        ]
    }
}

extension Field {
    /// Whether a stored value can be null.
    private var canBeNull: Bool { !isRequired && defaultValue.isNull }

    /// The schema of a stored value that is set.
    var storedSchema: JSON {
        switch kind {
        case .identifier: ["type": "string", "minLength": 1, "maxLength": 256]
        case .string: ["type": "string"]
        case .number: ["type": "number"]
        case .integer: .integer
        case .bool: ["type": "boolean"]
        case .timestamp: .timestamp
        case .json: [:]
        case .object where members.isEmpty: ["type": "object"]
        case .object: members.storedSchema
        case .nodeRef: .reference("Node")
        }
    }

    var storedSchemaOrNull: JSON { canBeNull ? storedSchema.orNull : storedSchema }

    /// The schema of a value as it may be sent, where null counts as not sent.
    ///
    /// A partial one changes a value; members that are not sent keep their values.
    func draftSchema(isPartial: Bool = false) -> JSON {
        var schema: JSON
        switch kind {
        case .timestamp:
            schema = [
                "type": ["string", "number"], "format": "date-time", "minimum": -62_135_596_800,
                "maximum": 253_402_300_799,
            ]
        case .object where !members.isEmpty: schema = members.draftSchema(isPartial: isPartial)
        case .nodeRef: schema = .reference("NodeDraft")
        case .identifier, .string, .number, .integer, .bool, .json, .object: schema = storedSchema
        }
        if let rule { schema = rule.applied(to: schema) }
        if rule != .notNull, !isRequired || !sources.isEmpty { schema = schema.orNull }
        if !isPartial, !defaultValue.isNull { schema = schema.with("default", defaultValue) }
        if !sources.isEmpty {
            let names = sources.map(\.text).joined(separator: " or ")
            schema = schema.with("description", .string("Default: taken from \(names)"))
        }
        return schema
    }

    /// The sources of a required field's value, as the alternatives of `anyOf`.
    fileprivate var presenceSchema: JSON {
        let names = [name] + sources.filter { $0.components.count == 1 }.map(\.text)
        return .array(
            names.map { name in
                let hasValue: JSON = ["not": ["type": "null"]]
                return ["required": [.string(name)], "properties": .object([name: hasValue])]
            }
        )
    }

    /// A sender or receiver, as stored.
    static let nodeSchema: JSON = JSON.object(
        of: JSONObject(nodeRefMembers.map { ($0, $0 == "role" ? ["type": "string"] : ["type": ["string", "null"]]) }),
        required: nodeRefMembers
    ).closed

    /// A sender or receiver in a request: a client, a combiner, or a name with a role.
    static let nodeDraftSchema: JSON = JSON.object(
        of: JSONObject(nodeRefMembers.map { ($0, ["type": ["string", "null"]]) }),
        required: []
    ).closed.with("anyOf", [present("client_id"), present("combiner_id"), present("name", "role")])

    private static func present(_ names: String...) -> JSON {
        .object(of: JSONObject(names.map { ($0, ["type": "string", "minLength": 1]) }), required: names).with(
            "type",
            "object"
        )
    }
}

extension Field.Rule {
    /// Returns the schema of a value, with this rule.
    fileprivate func applied(to schema: JSON) -> JSON {
        switch self {
        case .notEmpty: schema.with("minLength", 1)
        case .positive: schema.with("minimum", 1)
        case .positiveOrMinusOne: schema.with("minimum", -1).with("not", ["const": 0])
        case .notNull: schema
        }
    }
}

extension [Field] {
    /// An object with all of these members.
    fileprivate var storedSchema: JSON {
        let properties = JSONObject(map { ($0.name, $0.storedSchemaOrNull) })
        return JSON.object(of: properties, required: map(\.name)).closed
    }

    fileprivate var draftSchema: JSON { draftSchema(isPartial: false) }

    fileprivate func draftSchema(isPartial: Bool) -> JSON {
        let required = filter { $0.isRequired && $0.sources.isEmpty && !isPartial }
        let properties = JSONObject(map { ($0.name, $0.draftSchema(isPartial: isPartial)) })
        return JSON.object(of: properties, required: required.map(\.name)).closed
    }
}
