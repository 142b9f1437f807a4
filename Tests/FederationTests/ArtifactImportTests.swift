import Blobs
import Catalog
import JSON
import Store
import TestSupport
import Testing

@testable import Federation

struct ArtifactImportTests {
    private static let time: JSON = "2026-11-30T17:17:30.111000Z"
    private static let package: JSONObject = [
        "package_id": "p", "name": "mnist", "file_name": "package.tgz", "storage_file_name": "2fac.tgz",
        "helper": "numpyhelper", "active": true,
    ]

    private static func model(_ id: String, session: String? = nil) -> JSONObject {
        ["model": .string(id), "session_id": JSON(session), "committed_at": time, "updated_at": time]
    }

    /// Imports a document with a file of 8 bytes; returns the reason if it is refused.
    private static func take(
        _ sent: JSONObject,
        of resource: Resource = .models,
        into fixture: NetworkFixture,
        hasFile: Bool = true
    ) async throws -> StoreError? {
        let artifacts = ArtifactImport(of: resource, into: fixture.network)
        let document = try resource.migrated(ArtifactImport.withPlaceholders(sent), keepingTimesUntil: .now()).document
        return try await artifacts.store(document, keepingTimes: true) { name in
            guard hasFile else { return nil }
            let intake = try await BlobIntake(fileName: name, byteCount: 8, blobs: fixture.blobs)
            try await intake.take([1, 2, 3, 4, 5, 6, 7, 8])
            return try await intake.finish()
        }
    }

    @Test func modelKeepsItsIdWithItsTimes() async throws {
        let fixture = try NetworkFixture()
        #expect(try await Self.take(Self.model("m"), into: fixture) == nil)
        let model = try #require(try fixture.documents(.models).get("m"))
        #expect(model["committed_at"] == Self.time)
        #expect(model["updated_at"] == Self.time)
        #expect(model["file_name"] == "m.npz")
        let blob = try await fixture.blobs.open(try #require(model["blob_id"]?.string)).description
        #expect(model["checksum"] == .string(blob.sha256))
        #expect(model["file_size"] == 8)
        try await fixture.close()
    }

    @Test func repeatedImportStoresNoSecondFile() async throws {
        let fixture = try NetworkFixture()
        #expect(try await Self.take(Self.model("m"), into: fixture) == nil)
        let before = fixture.disk.mutations.count
        #expect(try await Self.take(Self.model("m"), into: fixture) == .alreadyExists("m"))
        #expect(fixture.disk.mutations.count == before)
        try await fixture.close()
    }

    @Test func modelWithoutItsFileIsRefused() async throws {
        let fixture = try NetworkFixture()
        let refusal = try await Self.take(Self.model("m"), into: fixture, hasFile: false)
        #expect(refusal == .refused(reason: "its file m is missing"))
        #expect(try fixture.documents(.models).get("m") == nil)
        try await fixture.close()
    }

    @Test func fileWithAnotherChecksumIsRefused() async throws {
        let fixture = try NetworkFixture()
        var model = Self.model("m")
        model["checksum"] = "0123"
        let refusal = try #require(try await Self.take(model, into: fixture))
        #expect(refusal != .alreadyExists("m"))
        #expect(try await fixture.blobs.unfinishedUploads() == [])
        #expect(try fixture.documents(.models).get("m") == nil)
        try await fixture.close()
    }

    @Test func modelHasTheHelperOfItsSession() async throws {
        let fixture = try NetworkFixture()
        let session: JSONObject = [
            "session_id": "s", "session_config": ["model_id": "seed", "helper_type": "binaryhelper"],
        ]
        _ = try await fixture.documents(.sessions).create(session)
        for model in [Self.model("seed"), Self.model("next", session: "s"), Self.model("other")] {
            #expect(try await Self.take(model, into: fixture) == nil)
        }
        let helpers = try ["seed", "next", "other"].map { try fixture.documents(.models).get($0)?["helper"] }
        #expect(helpers == ["binaryhelper", "binaryhelper", "numpyhelper"])
        try await fixture.close()
    }

    /// FEDn stores the active package twice, and only one of the documents is marked.
    @Test(arguments: [[true, false], [false, true]])
    func activePackageIsStoredOnce(_ marks: [Bool]) async throws {
        let fixture = try NetworkFixture()
        for isActive in marks {
            var package = Self.package
            package["active"] = .bool(isActive)
            package["key"] = isActive ? "active" : "package_trail"
            _ = try await Self.take(package, of: .packages, into: fixture)
        }
        #expect(try fixture.documents(.packages).count([]) == 1)
        #expect(try await fixture.network.packages.active()?.id == "p")
        try await fixture.close()
    }

    @Test func packageOfTheOperatorStaysActive() async throws {
        let fixture = try NetworkFixture()
        let id = try await fixture.addPackage("own")
        #expect(try await Self.take(Self.package, of: .packages, into: fixture) == nil)
        #expect(try await Self.take(Self.package, of: .packages, into: fixture) == .alreadyExists("p"))
        #expect(try await fixture.network.packages.active()?.id == id)
        try await fixture.close()
    }
}
