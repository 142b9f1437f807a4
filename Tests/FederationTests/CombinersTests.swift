import Catalog
import Index
import JSON
import Store
import TestSupport
import Testing

@testable import Federation

struct CombinersTests {
    private static func fixture(_ names: String...) async throws -> NetworkFixture {
        let fixture = try NetworkFixture()
        for name in names {
            let declaration = CombinerDeclaration(name: name, host: "\(name).example", port: 1)
            try await fixture.network.combiners.declare(declaration)
        }
        return fixture
    }

    private static func join(_ fixture: NetworkFixture, _ fields: JSONObject) async throws -> ClientAssignment? {
        try await fixture.network.clients.join(JoiningClient(fields), ip: "10.1.1.1")
    }

    @Test func clientsAreSharedAmongCombiners() async throws {
        let fixture = try await Self.fixture("a", "b", "c")
        for index in 0..<6 {
            _ = try await Self.join(fixture, ["name": "n", "client_id": .string("c\(index)")])
        }
        for name in ["a", "b", "c"] {
            #expect(try fixture.documents(.clients).count([Condition("combiner", .exactly(name))]) == 2)
        }
        let last = try await Self.join(fixture, ["name": "n", "client_id": "c5"])
        #expect(last?.combiner.id == "c", "it does not count itself, so it stays")
        try await fixture.close()
    }

    @Test(arguments: ["preferred_combiner", "combiner_preferred"])
    func bothSpellingsOfThePreferredCombinerCount(_ name: String) async throws {
        let fixture = try await Self.fixture("north", "south")
        var fields: JSONObject = ["name": "n"]
        fields[name] = "south"
        #expect(try await Self.join(fixture, fields)?.combiner.publicHost == "south.example")
        fields[name] = "x"
        let unknown = fields
        await #expect(throws: FederationError.unknownCombiner("x")) { try await Self.join(fixture, unknown) }
        try await fixture.close()
    }

    @Test func joiningWithoutACombinerIsRefused() async throws {
        let fixture = try NetworkFixture()
        await #expect(throws: FederationError.noCombiner) { try await Self.join(fixture, ["name": "n"]) }
        #expect(try fixture.documents(.clients).count([]) == 0)
        try await fixture.close()
    }

    @Test func clientOfThePackageWaitsForOne() async throws {
        let fixture = try await Self.fixture("north")
        let fields: JSONObject = ["name": "n", "package": "remote"]
        #expect(try await Self.join(fixture, fields) == nil)
        try await fixture.addPackage("p")
        #expect(try await Self.join(fixture, fields)?.helper == "numpyhelper")
        try await fixture.close()
    }

    @Test(
        arguments: [
            (["client_id": "c"], "missing field 'name'"),
            (["name": "n", "package": "x"], "field 'package' must be 'local' or 'remote'"),
            (["name": 7], "field 'name' must be a string"),
        ] as [(JSONObject, String)]
    )
    func malformedClientIsRefused(_ fields: JSONObject, _ message: String) {
        let error = #expect(throws: ValidationError.self) { try JoiningClient(fields) }
        #expect(error?.message == message)
    }

    @Test(arguments: ["0.33.0", "2", "x"])
    func otherMajorVersionIsRefused(_ version: String) {
        #expect(throws: FederationError.incompatibleVersion(version)) {
            try JoiningClient(["name": "n", "client_version": .string(version)])
        }
    }

    @Test func declarationKeepsHostNamesOfTheOperator() async throws {
        let fixture = try await Self.fixture("north")
        _ = try await fixture.network.combiners.change("north", ["public_hostname": "edge.example"])
        try await fixture.network.combiners.declare(CombinerDeclaration(name: "north", host: "10.0.0.2", port: 7))
        let combiner = try #require(try fixture.documents(.combiners).get("north"))
        #expect(combiner["public_hostname"] == "edge.example")
        #expect(combiner["address"] == "10.0.0.2")
        #expect(combiner["port"] == 7)
        try await fixture.close()
    }

    @Test func importedCombinerKeepsItsExtraWhenItIsDeclared() async throws {
        let fixture = try NetworkFixture()
        let sent: JSONObject = ["combiner_id": "a77b", "name": "north", "address": "10.0.0.1", "port": 12_080]
        _ = try await fixture.documents(.combiners).collection.insert(Resource.combiners.migrated(sent).document)
        try await fixture.network.combiners.declare(CombinerDeclaration(name: "north", host: "10.0.0.2", port: 7))
        let combiner = try #require(try fixture.documents(.combiners).get("north"))
        #expect(combiner["address"] == "10.0.0.2")
        #expect(combiner["extra"] == ["combiner_id": "a77b"])
        #expect(try await Self.join(fixture, ["name": "n"])?.combiner.publicHost == "10.0.0.2")
        try await fixture.close()
    }

    @Test func joiningClientKeepsItsExtra() async throws {
        let fixture = try await Self.fixture("north")
        let sent: JSONObject = ["client_id": "c", "name": "old", "colour": "red"]
        _ = try await fixture.documents(.clients).collection.insert(Resource.clients.migrated(sent).document)
        _ = try await Self.join(fixture, ["name": "new", "client_id": "c"])
        let client = try #require(try fixture.documents(.clients).get("c"))
        #expect(client["name"] == "new")
        #expect(client["extra"] == ["colour": "red"])
        try await fixture.close()
    }

    @Test func unchangedDeclarationWritesNothing() async throws {
        let fixture = try await Self.fixture("north")
        let before = fixture.disk.mutations.count
        try await fixture.network.combiners.declare(CombinerDeclaration(name: "north", host: "north.example", port: 1))
        #expect(fixture.disk.mutations.count == before)
        try await fixture.close()
    }

    @Test(arguments: ["a:70000", "evil host", "a:0", "http://h:1"])
    func malformedHostNameIsRefused(_ name: String) async throws {
        let fixture = try await Self.fixture("north")
        await #expect(throws: StoreError.refused(reason: ValidationError.notAHostName("public_hostname").message)) {
            try await fixture.network.combiners.change("north", ["public_hostname": .string(name)])
        }
        try await fixture.close()
    }

    @Test func onlyOnlineClientsAreCounted() async throws {
        let fixture = try await Self.fixture("north", "south")
        _ = try await Self.join(fixture, ["name": "n", "client_id": "c1"])
        try await fixture.documents(.clients).change("c1", ["status": "online"])
        let all = try await fixture.network.combiners.onlineClientCounts(of: [])
        #expect(all.map(\.id) == ["north", "south"])
        #expect(all.map(\.count) == [1, 0])
        #expect(try await fixture.network.combiners.onlineClientCounts(of: ["x"]).map(\.count) == [0])
        try await fixture.close()
    }
}
