import Catalog
import HTTPTypes
import Hummingbird
import TestSupport
import Testing

@testable import API

struct EndpointTests {
    /// Compares all endpoints with fixtures/endpoints.txt, so that an added or removed one is noticed.
    @Test func endpointsMatchTheDocumentedList() throws {
        #expect(try ServerFixture().server.endpoints == Fixture.lines(of: "endpoints.txt"))
    }

    @Test func everyRouteIsReachable() throws {
        let fixture = try ServerFixture()
        #expect(throws: Never.self) { try fixture.routes.makeRouter().validate() }
    }

    @Test(arguments: [
        ("/api/v1/clients/count", ["GET", "HEAD", "POST"]),
        ("/api/v1/clients/x", ["DELETE", "GET", "HEAD"]),
        ("/api/v1/clients/x/", ["DELETE", "GET", "HEAD"]),
        ("/api/v1/clients", ["GET", "HEAD"]),
        ("/api/v1/clients/list", ["POST"]),
        ("/api/v1/clients/x/y", []),
        ("/", []),
        ("/api/v1/sessions/x", ["GET", "HEAD", "PATCH", "PUT"]),
    ])
    func allowedMethodsOfAPathAreKnown(_ path: String, _ methods: [String]) throws {
        #expect(try AllowedMethods(ServerFixture().routes.makeTable().endpoints).methods(of: path) == methods)
    }

    @Test(arguments: Resource.all)
    func trailingSlashIsOptional(_ resource: Resource) async throws {
        try await ServerFixture().run { client async throws in
            for path in ["/api/v1/\(resource.name)", "/api/v1/\(resource.name)/", "/api/v1/\(resource.name)/?a__b=c"] {
                let answer = try await client.ask(.get, path)
                #expect(answer.status == 200)
                #expect(answer.text == #"{"count":0,"result":[]}"#)
                #expect(answer["Content-Type"] == "application/json")
            }
        }
    }

    @Test(arguments: Resource.all)
    func unknownKeyIsNotFound(_ resource: Resource) async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.get, "/api/v1/\(resource.name)/no%20such")
            #expect(answer.status == 404)
            #expect(try answer.message == "Entity with id: no such not found")
        }
    }

    @Test func healthIsOK() async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.get, "/health")
            #expect(answer.status == 200)
        }
    }
}

extension Resource: CustomTestStringConvertible {
    public var testDescription: String { name }
}
