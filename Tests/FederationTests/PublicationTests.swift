import Blobs
import Catalog
import JSON
import Store
import Testing

@testable import Federation

struct PublicationTests {
    /// As after a crash between blob and document: the bytes are there, and publishing them again succeeds.
    @Test func blobWithoutADocumentCanBePublished() async throws {
        let fixture = try NetworkFixture()
        let token = try await fixture.upload()
        _ = try await fixture.blobs.claim(token)
        let fields: JSONObject = ["file_token": .string(token), "helper": "binaryhelper"]
        let model = try await fixture.network.models.publish(fields)
        #expect(model["blob_id"]?.string == token)
        try await fixture.close()
    }

    @Test func tokenMakesOneModelHoweverManyAskAtOnce() async throws {
        let fixture = try NetworkFixture()
        let models = fixture.network.models
        for _ in 0..<10 {
            let fields: JSONObject = ["file_token": .string(try await fixture.upload()), "helper": "binaryhelper"]
            let errors = await withTaskGroup(of: UploadError?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do { _ = try await models.publish(fields) } catch { return error as? UploadError }
                        return nil
                    }
                }
                return await group.reduce(into: [UploadError?]()) { $0.append($1) }
            }
            #expect(errors.count { $0 == nil } == 1, "\(errors)")
            #expect(errors.allSatisfy { [nil, .busy, .unknownToken].contains($0) }, "\(errors)")
        }
        #expect(try fixture.documents(.models).count([]) == 10)
        try await fixture.close()
    }

    /// A blob that a document of any resource owns is not published again.
    @Test(arguments: Resource.all.filter { $0.blob != nil })
    func blobOfADocumentIsNoToken(_ owner: Resource) async throws {
        let fixture = try NetworkFixture()
        let token = try await fixture.upload()
        _ = try await fixture.blobs.claim(token)
        let reference = try #require(owner.blob)
        _ = try await fixture.store.collection(owner.name).insert(Self.document(naming: token, at: reference.path))
        await #expect(throws: UploadError.unknownToken) {
            try await fixture.network.models.publish(["file_token": .string(token), "helper": "binaryhelper"])
        }
        await #expect(throws: UploadError.unknownToken) {
            try await fixture.network.publication.claim(token) { $0.blobID }
        }
        #expect(try await fixture.blobs.open(token).description.byteCount == 8)
        try await fixture.close()
    }

    private static func document(naming blobID: String, at path: FieldPath) -> JSONObject {
        let value = path.components.dropFirst().reversed().reduce(JSON.string(blobID)) {
            .object(JSONObject([(String($1), $0)]))
        }
        return JSONObject([(path.components[0], value)])
    }

    @Test func claimedTokenIsBusyUntilItsDocumentIsStored() async throws {
        let fixture = try NetworkFixture()
        let token = try await fixture.upload()
        let publication = fixture.network.publication
        try await publication.claim(token) { _ in
            await #expect(throws: UploadError.busy) { try await publication.claim(token) { $0.blobID } }
        }
        #expect(try await publication.claim(token) { $0.blobID } == token, "no document came of it")
        try await fixture.close()
    }

    @Test func unknownTokenIsRefused() async throws {
        let fixture = try NetworkFixture()
        await #expect(throws: UploadError.unknownToken) {
            try await fixture.network.publication.claim("7bd70713-8b41-4f9f-8c2e-000000000000") { $0.blobID }
        }
        await #expect(throws: ValidationError.missingField("file_token")) {
            try await fixture.network.models.publish(["helper": "binaryhelper"])
        }
        try await fixture.close()
    }
}
