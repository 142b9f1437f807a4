internal import Catalog
internal import HTTPTypes
internal import JSON

extension OpenAPIDocument {
    /// One method of one path.
    func operation(_ endpoint: Endpoint) -> JSON {
        var operation: JSONObject = [
            "operationId": .string(endpoint.operationID),
            "tags": [.string(endpoint.tag)],
            "summary": .string(endpoint.summary),
        ]
        if isAuthenticated {
            operation["description"] = .string(endpoint.access.sentence)
            operation["security"] = endpoint.access.roles == nil ? [] : [["bearer": []]]
        }
        let parameters = endpoint.pathParameters.map(Self.pathParameter) + endpoint.parameters.map(\.json)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        operation["requestBody"] = endpoint.body.json
        operation["responses"] = responses(of: endpoint)
        return .object(operation)
    }

    private static func pathParameter(_ name: String) -> JSON {
        ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
    }

    /// Its own answers, then the common errors that apply.
    private func responses(of endpoint: Endpoint) -> JSON {
        var responses = JSONObject()
        for answer in endpoint.answers { responses[String(answer.status)] = answer.json }
        for error in CommonError.allCases where error.concerns(endpoint, isAuthenticated: isAuthenticated) {
            let status = String(error.status)
            guard responses[status] == nil else { continue }
            responses[status] = ["$ref": .string("#/components/responses/\(error.rawValue)")]
        }
        return .object(JSONObject(responses.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }))
    }
}

extension Endpoint.Access {
    /// Who may call it, as text.
    var sentence: String {
        switch self {
        case .open: "For anyone; no token is needed."
        case .participants: "For clients, combiners and administrators."
        case .admin: "For administrators."
        case .enrollment: "For holders of an enrolment token."
        }
    }
}

extension Endpoint.Parameter {
    fileprivate var json: JSON {
        var json: JSONObject = ["name": .string(name), "in": .string(place.rawValue)]
        if isRequired { json["required"] = true }
        if !summary.isEmpty { json["description"] = .string(summary) }
        json["schema"] = schema.jsonSchema(.request)
        return .object(json)
    }
}

extension Endpoint.Body {
    /// Nil for a request without a body.
    fileprivate var json: JSON? {
        switch self {
        case .none:
            return nil
        case .fields(let members):
            return Self.json(
                isRequired: members.contains(where: \.isRequired),
                ("application/json", Schema.object(members).jsonSchema(.request)),
                ("application/x-www-form-urlencoded", Schema.object(members).jsonSchema(.form))
            )
        case .fieldsOrFile(let members):
            let closed = Schema.object(members).jsonSchema(.request).closed
            let form = Schema.object(members).jsonSchema(.form).closed
            let sent =
                members.filter { $0.name != "file_token" }
                + [.required("file", .bytes, "The file")]
            return Self.json(
                isRequired: true,
                ("application/json", closed),
                ("application/x-www-form-urlencoded", form),
                ("multipart/form-data", Schema.object(sent).jsonSchema(.form).closed)
            )
        case .json(.filter(let resource)):
            let schema = Schema.filter(resource).jsonSchema(.request)
            let form = Schema.filter(resource).jsonSchema(.form)
            return Self.json(
                isRequired: false,
                ("application/json", schema),
                ("application/x-www-form-urlencoded", form)
            )
        case .json(.object(let members)):
            let schema = Schema.object(members).jsonSchema(.request)
            return Self.json(isRequired: members.contains(where: \.isRequired), ("application/json", schema))
        case .json(.change(let resource)):
            let schema = Schema.change(resource).jsonSchema(.request)
            return Self.json(isRequired: false, ("application/json", schema))
        case .json(let schema):
            return Self.json(isRequired: true, ("application/json", schema.jsonSchema(.request)))
        case .jsonOrLines(let resource):
            let one = Schema.draft(resource).jsonSchema(.request)
            return Self.json(
                isRequired: true,
                ("application/json", one),
                (LineFormat.standard, Self.lines(of: resource))
            )
        case .lines(let resource):
            return Self.json(isRequired: true, (LineFormat.standard, Self.lines(of: resource)))
        case .bytes:
            return ["required": true, "content": ["application/octet-stream": [:]]]
        }
    }

    /// OpenAPI 3.1 cannot describe a sequence of values, so it is shown as an array.
    private static func lines(of resource: Resource) -> JSON {
        [
            "type": "array", "items": Schema.draft(resource).jsonSchema(.request),
            "description": "JSON lines: one element on each line, without the brackets and commas of an array.",
        ]
    }

    private static func json(isRequired: Bool, _ contents: (type: String, schema: JSON)...) -> JSON {
        let content = JSONObject(contents.map { ($0.type, ["schema": $0.schema]) })
        return ["required": .bool(isRequired), "content": .object(content)]
    }
}

extension Endpoint.Answer {
    fileprivate var json: JSON {
        var json: JSONObject = ["description": .string(summary)]
        switch content {
        case nil:
            json["headers"] = ["ETag": Self.header("The SHA-256 of the file, in quotes")]
        case .bytes:
            var headers: JSONObject = [
                "ETag": Self.header("The SHA-256 of the file, in quotes"),
                "Accept-Ranges": Self.header("bytes"),
                "Content-Disposition": Self.header("The name of the file"),
            ]
            if status == 206 { headers["Content-Range"] = Self.header("The range and the size of the file") }
            json["headers"] = .object(headers)
            json["content"] = ["application/octet-stream": [:]]
        case .html:
            json["content"] = ["text/html": ["schema": ["type": "string"]]]
        case let schema?:
            json["content"] = ["application/json": ["schema": schema.jsonSchema(.answer)]]
        }
        return .object(json)
    }

    private static func header(_ description: String) -> JSON {
        ["required": true, "description": .string(description), "schema": ["type": "string"]]
    }
}
