import JSON
import Testing

@testable import Catalog

struct MigrationTests {
    private static let migrated = Resource.all.filter { Resource.migrations[$0.name] != nil }

    /// A value that the API accepts for a field.
    private static func sample(_ field: Field) -> JSON {
        switch field.kind {
        case .identifier, .string, .json: "text"
        case .number, .integer: 7
        case .bool: true
        case .timestamp: "2024-03-13T08:00:00.000000Z"
        case .object: .object(JSONObject(field.members.map { ($0.name, sample($0)) }))
        case .nodeRef: ["name": "n", "role": "client", "client_id": "c", "combiner_id": .null]
        }
    }

    private static func document(_ resource: Resource) -> JSONObject {
        var document = JSONObject(resource.fields.map { ($0.name, sample($0)) })
        if let identity = Resource.migrations[resource.name]?.identity { document[identity] = document[resource.key] }
        return document
    }

    @Test(arguments: migrated) func collectionIsFoundByItsNameInFEDn(_ resource: Resource) throws {
        #expect(Resource.named(resource.name) == resource)
        #expect(Resource.named(try #require(Resource.migrations[resource.name]).collection) == resource)
    }

    @Test func combinerIsIdentifiedByItsName() throws {
        let sent: JSONObject = ["combiner_id": "a77b", "name": "north", "address": "10.0.0.1", "port": 12_080]
        let (document, adaptations) = try Resource.combiners.migrated(sent)
        #expect(document["combiner_id"] == "north")
        #expect(document["extra"] == ["combiner_id": "a77b"])
        #expect(adaptations == [Adaptation("combiner_id", .replacedByName)])
        #expect(try Resource.combiners.migrated(sent, isExport: true).document["combiner_id"] == "a77b")
    }

    @Test(arguments: ["available", "online"]) func importedClientIsOffline(_ status: String) throws {
        let sent: JSONObject = ["client_id": "c", "name": "edge", "status": .string(status)]
        let (document, adaptations) = try Resource.clients.migrated(sent)
        #expect(document["status"] == "offline")
        #expect(adaptations == [Adaptation("status", .setToOffline)])
        #expect(try Resource.clients.migrated(sent, isExport: true).document["status"] == .string(status))
    }

    @Test(arguments: ["Created", "Started", "Finished"]) func importedSessionDoesNotRun(_ status: String) throws {
        let sent: JSONObject = ["session_id": "s", "status": .string(status), "session_config": ["model_id": "m"]]
        let (document, adaptations) = try Resource.sessions.migrated(sent)
        #expect(document["status"] == .string(status == "Started" ? "Terminated" : status))
        #expect(adaptations == (status == "Started" ? [Adaptation("status", .setToTerminated)] : []))
    }

    @Test func markOfFEDnIsDropped() throws {
        var sent = Self.document(.packages)
        sent["key"] = "package_trail"
        let (document, adaptations) = try Resource.packages.migrated(sent)
        #expect(document["extra"] == nil)
        #expect(adaptations == [])
    }

    @Test(arguments: migrated) func documentOfTheAPIIsNotAdapted(_ resource: Resource) throws {
        let (document, adaptations) = try resource.migrated(Self.document(resource))
        #expect(document == (try resource.validate(Self.document(resource))))
        #expect(adaptations == [])
    }

    @Test(arguments: migrated) func fieldInCamelCaseIsRenamed(_ resource: Resource) throws {
        let expected = try resource.validate(Self.document(resource))
        for field in resource.fields where field.name.contains("_") {
            var sent = Self.document(resource)
            let words = field.name.split(separator: "_")
            let name = words.dropFirst().reduce(String(words[0])) { $0 + $1.capitalized }
            sent[name] = sent[field.name]
            sent[field.name] = nil
            let (document, adaptations) = try resource.migrated(sent)
            #expect(document == expected)
            #expect(adaptations == [Adaptation(name, .renamed)])
            #expect(throws: ValidationError.self) { try resource.validate(sent) }
        }
    }

    @Test(arguments: migrated) func unknownFieldIsKeptInExtra(_ resource: Resource) throws {
        var sent = Self.document(resource)
        sent["colour"] = ["a": 1]
        let (document, adaptations) = try resource.migrated(sent)
        #expect(document["extra"]?["colour"] == ["a": 1])
        #expect(adaptations == [Adaptation("colour", .keptInExtra)])
        #expect(try resource.migrated(document).document == document, "an export can be imported")
    }

    @Test(arguments: migrated) func valueThatDoesNotFitIsKeptInExtra(_ resource: Resource) throws {
        for field in resource.fields
        where !field.isRequired && [.number, .integer, .bool, .timestamp].contains(field.kind) {
            var sent = Self.document(resource)
            sent[field.name] = "NaN"
            let (document, adaptations) = try resource.migrated(sent)
            #expect(document["extra"]?[field.name] == "NaN")
            #expect(adaptations == [Adaptation(field.name, .keptInExtra)])
        }
    }

    @Test(arguments: migrated) func valueOfAnotherKindIsConverted(_ resource: Resource) throws {
        let expected = try resource.validate(Self.document(resource))
        for field in resource.fields {
            let other: JSON
            switch field.kind {
            case .number, .integer: other = "7"
            case .bool: other = "True"
            case .timestamp: other = "1710316800"
            default: continue
            }
            var sent = Self.document(resource)
            sent[field.name] = other
            let (document, adaptations) = try resource.migrated(sent)
            #expect(document == expected)
            #expect(adaptations == [Adaptation(field.name, .converted)])
        }
    }

    @Test(arguments: migrated) func fieldThatMayBeEmptyIsImportedWithoutAValue(_ resource: Resource) throws {
        let mayBeEmpty = try #require(Resource.migrations[resource.name]).mayBeEmpty
        #expect(mayBeEmpty.isEmpty || resource.isAppendOnly, "a document that can change is validated again")
        for name in mayBeEmpty {
            let field = try #require(resource.fields.first { $0.name == name && $0.isRequired })
            var sent = Self.document(resource)
            // Fields are also taken from these.
            for source in ["entity_id", "client_id"] { sent[source] = nil }
            sent[name] = field.kind == .nodeRef ? ["name": .null, "role": .null, "client_id": .null] : .null
            let (document, adaptations) = try resource.migrated(sent)
            let empty: JSON = ["name": .null, "role": .null, "client_id": .null, "combiner_id": .null]
            #expect(document[name] == (field.kind == .nodeRef ? empty : .null))
            #expect(adaptations == [Adaptation(name, .empty)])
            #expect(throws: ValidationError.self) { try resource.validate(sent) }
        }
    }

    @Test func changeKeepsExtra() throws {
        let old = try Resource.models.migrated(
            Self.document(.models).with("colour", "red")
        ).document
        let new = try Resource.models.validate(["name": "new"], changing: old)
        #expect((new["name"], new["extra"]) == ("new", ["colour": "red"]))
        #expect(throws: ValidationError.unknownField("extra")) {
            try Resource.models.validate(["extra": 1], changing: old)
        }
    }

    @Test func senderMembersAreAdapted() throws {
        var sent = Self.document(.statuses)
        sent["sender"] = ["name": "edge-1", "role": "CLIENT", "clientId": "c", "ip": "::1"]
        let (document, adaptations) = try Resource.statuses.migrated(sent)
        #expect(document["sender"] == ["name": "edge-1", "role": "client", "client_id": "c", "combiner_id": .null])
        #expect(document["extra"] == ["sender.ip": "::1", "extra": "text"])
        #expect(adaptations == [Adaptation("sender.clientId", .renamed), Adaptation("sender.ip", .keptInExtra)])
    }

    /// FEDn stamps naive local times, which are some hours ahead.
    @Test func timeOfTheNextDayBecomesTheTimeOfTheImport() throws {
        let now = try #require(Timestamp(parsing: "2024-03-13T08:00:00Z"))
        var sent = Self.document(.telemetry)
        for (hours, isTaken) in [(-1, false), (0, false), (2, true), (24, true), (25, false)] {
            let time = now.advanced(by: .seconds(hours * 3_600))
            sent["committed_at"] = JSON(time)
            let (document, adaptations) = try Resource.telemetry.migrated(sent, keepingTimesUntil: now)
            #expect(document["committed_at"] == JSON(isTaken ? now : time), "the store refuses later ones")
            #expect(document["extra"] == (isTaken ? ["committed_at": JSON(time)] : nil))
            #expect(adaptations == (isTaken ? [Adaptation("committed_at", .setToNow)] : []))
        }
    }
}

extension JSONObject {
    fileprivate func with(_ name: String, _ value: JSON) -> JSONObject {
        var copy = self
        copy[name] = value
        return copy
    }
}

extension Substring {
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
