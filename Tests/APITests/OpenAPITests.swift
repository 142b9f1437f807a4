import Catalog
import HTTPTypes
import JSON
import Store
import TestSupport
import Testing

@testable import API

struct OpenAPITests {
    @Test(arguments: [false, true])
    func everyEndpointIsDocumentedOnce(_ isAuthenticated: Bool) throws {
        let document = try Self.document(isAuthenticated: isAuthenticated)
        var listed: [String] = []
        var names: Set<String> = []
        for (path, methods) in try #require(document["paths"]?.object) {
            for (method, operation) in try #require(methods.object) {
                listed.append("\(method.uppercased()) \(path)")
                #expect(names.insert(try #require(operation["operationId"]?.string)).inserted)
            }
        }
        let endpoints = try ServerFixture().server.endpoints
        #expect(listed.sorted() == endpoints)
        #expect(endpoints.contains("GET /openapi.json") && endpoints.contains("GET /docs"))
    }

    @Test(arguments: [false, true])
    func everyReferenceResolves(_ isAuthenticated: Bool) throws {
        let document = try Self.document(isAuthenticated: isAuthenticated)
        let references = Self.references(in: document)
        #expect(references.count > 500)
        for reference in Set(references) {
            #expect(SchemaCheck(document: document).target(of: reference) != nil, "\(reference)")
        }
    }

    @Test(arguments: Resource.all, [false, true])
    func everyStoredDocumentMatchesItsSchema(_ resource: Resource, _ hasEveryField: Bool) async throws {
        let fixture = try ServerFixture()
        let object = Self.object(of: resource.fields, hasEveryField: hasEveryField)
        _ = try await fixture.store.collection(resource.name).insert(resource.validate(object))
        try await fixture.run { client async throws in
            let check = SchemaCheck(document: try await client.ask(.get, "/openapi.json").json)
            let page = try await client.ask(.get, "/api/v1/\(resource.name)").json
            #expect(check.violations(page, of: .reference(resource.typeName + "Page")) == [])
            let stored = try #require(page["result"]?.array?.first)
            // The schema requires all fields that older documents have, and allows no others.
            for name in try #require(stored.object).keys {
                var poorer = try #require(stored.object)
                poorer[name] = nil
                let isNew = resource.fields.contains { $0.name == name && $0.isNew }
                let expected = isNew ? [] : [".\(name) is missing"]
                #expect(check.violations(.object(poorer), of: .reference(resource.typeName)) == expected)
            }
            let richer = stored.with("colour", "red")
            #expect(check.violations(richer, of: .reference(resource.typeName)) == [".colour is not in the schema"])
            if resource.operations.contains(.create) {
                #expect(check.violations(.object(object), of: .reference(resource.typeName + "Draft")) == [])
            }
        }
    }

    @Test func endpointMatchesItsGoldenDescription() throws {
        let expected: JSON = [
            "operationId": "getModelsByIdDescendants",
            "tags": ["models"],
            "summary": "Lists them.",
            "description": "For clients, combiners and administrators.",
            "security": [["bearer": []]],
            "parameters": [
                ["name": "id", "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]],
                [
                    "name": "X-Limit", "in": "header", "required": true, "description": "How many",
                    "schema": JSON.integer.with("minimum", 0),
                ],
            ],
            "responses": [
                "200": [
                    "description": "OK",
                    "content": [
                        "application/json": [
                            "schema": ["type": "array", "items": ["$ref": "#/components/schemas/Model"]]
                        ]
                    ],
                ],
                "400": ["$ref": "#/components/responses/Invalid"],
                "401": ["$ref": "#/components/responses/Unauthorized"],
                "403": ["$ref": "#/components/responses/Forbidden"],
                "404": [
                    "description": "No such model",
                    "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Message"]]],
                ],
                "500": ["$ref": "#/components/responses/Failed"],
                "503": ["$ref": "#/components/responses/Unavailable"],
            ],
        ]
        let endpoint = Endpoint(
            target: .get("models/{id}/descendants"),
            summary: "Lists them.",
            access: .participants,
            parameters: [.header("X-Limit", .count, "How many").required],
            answers: [.ok(.array(.document(.models))), .refused(404, "No such model")]
        )
        let document = OpenAPIDocument(endpoints: [endpoint], options: ServerOptions(), isAuthenticated: true)
        #expect(document.operation(endpoint) == expected)
    }

    @Test func tokensAreDocumentedOnlyWithAuthentication() throws {
        let open = try Self.document(isAuthenticated: false)
        #expect(open[path: "components"]?["securitySchemes"] == nil)
        #expect(!String(decoding: open.bytes, as: UTF8.self).contains("#/components/responses/Unauthorized"))
        let guarded = try Self.document(isAuthenticated: true)
        let methods = guarded["paths"]?["/health"]?["get"]
        #expect(methods?["security"] == [])
        #expect(methods?["responses"]?["401"] == nil)
    }

    @Test func prefixIsListedAsServer() {
        var options = ServerOptions()
        options.pathPrefix = "/edge"
        let document = OpenAPIDocument(endpoints: [], options: options, isAuthenticated: false).json
        #expect(document["servers"] == [["url": "/"], ["url": "/edge"]])
    }

    @Test func requiredFieldMayComeFromItsSources() throws {
        let check = SchemaCheck(document: try Self.document(isAuthenticated: false))
        let draft: JSON = .reference("AttributeDraft")
        let named: JSON = ["key": "a", "value": "b", "sender": ["client_id": "c"]]
        #expect(check.violations(named, of: draft) == [])
        #expect(check.target(of: "#/components/schemas/AttributeDraft")?["required"] == ["key", "value"])
        #expect(check.violations(["key": "a", "value": "b"], of: draft) != [])
        #expect(
            check.target(of: "#/components/schemas/CombinerChange")?["properties"]?.object?.keys
                == ["internal_hostname", "public_hostname"]
        )
    }

    /// In JSON Schema, `3.0` is an integer, so it must be accepted as one.
    @Test(arguments: [
        ("3", 201), ("3.0", 201), ("3e0", 201), ("3.5", 400), ("9007199254740993.0", 400), ("1e300", 400),
    ])
    func wholeNumberIsAnInteger(_ text: String, _ status: Int) async throws {
        try await ServerFixture().run { client async throws in
            let body = #"{"session_config":{"model_id":"m","rounds":\#(text)}}"#
            let answer = try await client.ask(.post, "/api/v1/sessions", bytes: Array(body.utf8))
            #expect(answer.status == status)
            if status == 201 { #expect(try answer.json["session_config"]?["rounds"] == 3) }
        }
    }

    @Test func pageContainsEveryEndpoint() async throws {
        let fixture = try ServerFixture()
        let endpoints = fixture.routes.makeTable().endpoints
        try await fixture.run { client async throws in
            let answer = try await client.ask(.get, "/docs/")
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "text/html; charset=utf-8")
            for endpoint in endpoints {
                #expect(answer.text.contains("<h3 id=\"\(endpoint.operationID)\">"), "\(endpoint.path)")
                #expect(answer.text.contains("<p>\(endpoint.summary.escaped)</p>"), "\(endpoint.path)")
            }
            #expect(!answer.text.contains("<script") && !answer.text.contains("src="))
        }
    }

    @Test func textIsEscapedInThePage() {
        let evil = #"<script>alert("1")</script>&'"#
        let endpoint = Endpoint(
            target: .post("\(evil)/{\(evil)}"),
            summary: evil,
            parameters: [.query(evil, .oneOf([evil]), evil), .header(evil, .count, evil).required],
            body: .fields([.required(evil, .oneOf([evil]), evil)]),
            answers: [.ok([.required(evil, .oneOf([evil]))], evil)]
        )
        var options = ServerOptions()
        options.host = evil
        options.pathPrefix = evil
        let page = DocumentationPage(endpoints: [endpoint], options: options, isAuthenticated: true).html
        #expect(!page.contains("<script") && !page.contains(evil))
        #expect(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"))
    }
}

extension OpenAPITests {
    private static func document(isAuthenticated: Bool) throws -> JSON {
        let endpoints = try ServerFixture().routes.makeTable().endpoints
        return OpenAPIDocument(endpoints: endpoints, options: ServerOptions(), isAuthenticated: isAuthenticated).json
    }

    private static func references(in value: JSON) -> [String] {
        switch value {
        case .object(let object):
            object.flatMap { name, value in name == "$ref" ? [value.string ?? ""] : references(in: value) }
        case .array(let elements): elements.flatMap { references(in: $0) }
        case .null, .bool, .number, .string: []
        }
    }

    /// A document to store, with the required fields only or with all.
    private static func object(of fields: [Field], hasEveryField: Bool) -> JSONObject {
        JSONObject(fields.filter { hasEveryField || $0.isRequired }.map { ($0.name, value(of: $0, hasEveryField)) })
    }

    private static func value(of field: Field, _ hasEveryField: Bool) -> JSON {
        switch field.kind {
        case .identifier, .string: "a"
        case .number: 1.5
        case .integer: 3
        case .bool: true
        case .timestamp: "2026-11-23T19:16:04+01:00"
        case .json: ["a", nil]
        case .object:
            field.members.isEmpty ? ["a": 1] : .object(object(of: field.members, hasEveryField: hasEveryField))
        case .nodeRef: ["client_id": "c", "role": "CLIENT"]
        }
    }
}
