import Blobs
import Catalog
import JSON
import Store
import Testing
import Weights

@testable import Federation

struct ModelsTests {
    @Test func circleOfParentsEnds() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addModel("a", parent: "b")
        try await fixture.addModel("b", parent: "a")
        #expect(try await fixture.network.models.ancestors(of: "a", limit: 10) == ["a", "b"])
        try await fixture.close()
    }

    @Test func descendantsComeGenerationByGeneration() async throws {
        let fixture = try NetworkFixture()
        for (id, parent) in [("a", nil), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "d")] {
            try await fixture.addModel(id, parent: parent)
        }
        let models = fixture.network.models
        #expect(try await models.descendants(of: "a", limit: 10) == ["a", "b", "c", "d", "e"])
        #expect(try await models.descendants(of: "a", limit: 2) == ["a", "b", "c"])
        #expect(try await models.descendants(of: "e", limit: .max) == ["e"])
        #expect(try await models.ancestors(of: "e", limit: .max) == ["e", "d", "b", "a"])
        #expect(try await models.leaves(amongNewest: nil) == ["e", "c"])
        await #expect(throws: StoreError.notFound("x")) { try await models.ancestors(of: "x", limit: 1) }
        try await fixture.close()
    }

    /// An upload may have taken hours, and another helper may be able to load it.
    @Test func refusedFileStaysAnUpload() async throws {
        let fixture = try NetworkFixture()
        let token = try await fixture.upload([1, 2, 3, 4, 5, 6, 7, 8], name: "seed.npz")
        await #expect(throws: WeightsError.notAnArchive) {
            try await fixture.network.models.publish(["file_token": .string(token), "helper": "numpyhelper"])
        }
        #expect(try await fixture.blobs.upload(token).status.isComplete)
        await #expect(throws: UploadError.unknownBlob) { try await fixture.blobs.open(token) }
        #expect(try fixture.documents(.models).count([]) == 0)
        let model = try await fixture.network.models.publish(["file_token": .string(token), "helper": "binaryhelper"])
        #expect(model["blob_id"]?.string == token)
        #expect(model["contents"]?["averageable"] == true)
        try await fixture.close()
    }

    @Test(arguments: ["model.onnx", "model.pt", "model", "weights.bin"])
    func fileOfAnyFormatIsStored(_ name: String) async throws {
        let fixture = try NetworkFixture()
        for helper in ["numpyhelper", "binaryhelper", "androidhelper"] {
            let token = try await fixture.upload([1, 2, 3], name: name)
            let model = try await fixture.network.models.publish([
                "file_token": .string(token), "helper": .string(helper),
            ])
            #expect(model["contents"]?["averageable"] == false)
            #expect(model["contents"]?["reason"]?.string?.isEmpty == false)
            let id = try #require(model["model_id"]?.string)
            #expect(try fixture.documents(.models).get(id)?["contents"] == model["contents"])
        }
        try await fixture.close()
    }

    @Test func unknownHelperIsRefused() async throws {
        let fixture = try NetworkFixture()
        let token = try await fixture.upload()
        await #expect(throws: FederationError.unknownHelper) {
            try await fixture.network.models.publish(["file_token": .string(token), "helper": "x"])
        }
        await #expect(throws: FederationError.unknownHelper) { try await fixture.network.helper.set("x") }
        try await fixture.close()
    }

    @Test func activeHelperIsTheDefault() async throws {
        let fixture = try NetworkFixture()
        try await fixture.network.helper.set("binaryhelper")
        let model = try await fixture.network.models.publish(["file_token": .string(try await fixture.upload())])
        #expect(model["helper"] == "binaryhelper")
        try await fixture.close()
    }
}
