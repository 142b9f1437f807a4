import Blobs
import Control
import Disk
import HTTPTypes
import JSON
import Store
import TestSupport
import Testing

@testable import API

struct ModelRouteTests {
    private static let models = "/api/v1/models/"
    /// A model of binaryhelper: one float of 64 bits.
    private static let vector: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    private static func id(_ answer: Answer) throws -> String {
        #expect(answer.status == 200)
        return try #require(try answer.json[path: "model_id"]?.string)
    }

    /// The requests of the official client.
    @Test func modelIsCreatedFromAToken() async throws {
        try await ServerFixture().run { client async throws in
            let bytes = UploadRouteTests.noise(700_000)
            let token = try await UploadRouteTests.upload(client, bytes)
            let made = try await client.ask(.post, Self.models, form: "helper=binaryhelper&file_token=\(token)")
            let id = try Self.id(made)
            #expect(try made.json[path: "success"] == true)
            let model = try await client.ask(.get, Self.models + id).json
            #expect(model[path: "model"]?.string == id)
            #expect(model[path: "helper"] == "binaryhelper")
            #expect(model[path: "file_name"] == "seed.npz")
            #expect(model[path: "file_size"] == 700_000)
            #expect(model[path: "checksum"]?.string?.utf8.count == 64)
            #expect(model[path: "parent_model"] == .null)
            #expect(model[path: "session_id"] == .null)
            #expect(try await client.ask(.get, Self.models + "\(id)/download").content == Content(bytes))
        }
    }

    @Test func modelAcceptsEveryField() async throws {
        try await ServerFixture().run { client async throws in
            let token = try await UploadRouteTests.upload(client, Self.vector)
            let body: JSON = [
                "file_token": .string(token), "model_id": "m", "name": "n", "session_id": "s", "parent_model": "p",
                "file_name": "other.bin",
            ]
            _ = try await client.ask(.put, "/api/v1/helpers/active", ["helper": "binaryhelper"])
            #expect(try Self.id(await client.ask(.post, Self.models, body)) == "m")
            let model = try await client.ask(.get, Self.models + "m").json
            #expect(model[path: "helper"] == "binaryhelper", "the active helper")
            for (path, value) in [
                ("name", "n"), ("session_id", "s"), ("parent_model", "p"), ("file_name", "other.bin"),
            ] { #expect(model[path: FieldPath(path)]?.string == value) }
        }
    }

    @Test func tokenIsValidOnce() async throws {
        try await ServerFixture().run { client async throws in
            let token = try await UploadRouteTests.upload(client, Self.vector)
            _ = try Self.id(
                await client.ask(.post, Self.models, ["file_token": .string(token), "helper": "binaryhelper"])
            )
            let again = try await client.ask(
                .post,
                Self.models,
                ["file_token": .string(token), "helper": "binaryhelper"]
            )
            #expect(again.status == 404)
            #expect(try again.message == "Unknown file_token")
            #expect(try await client.ask(.get, Self.models + "count").text == "1")
        }
    }

    @Test(arguments: [
        #"{"file_token":"TOKEN","model_id":"taken"}"#, #"{"file_token":"TOKEN","name":7}"#,
        #"{"file_token":"TOKEN","file_name":"../x"}"#, #"{"file_token":"TOKEN","helper":"x"}"#,
        #"{"file_token":"TOKEN","helper":"numpyhelper"}"#, #"{"file_token":"TOKEN","model_id":"count"}"#,
    ])
    func refusedModelKeepsItsTokenValid(_ body: String) async throws {
        try await ServerFixture().run { client async throws in
            let first = try await UploadRouteTests.upload(client, Self.vector)
            let taken: JSON = ["file_token": .string(first), "helper": "binaryhelper", "model_id": "taken"]
            _ = try Self.id(await client.ask(.post, Self.models, taken))
            let token = try await UploadRouteTests.upload(client, Self.vector)
            let bytes = Array(body.replacing("TOKEN", with: token).utf8)
            #expect(try await client.ask(.post, Self.models, bytes: bytes).status >= 400)
            let upload = try await client.ask(.get, "/api/v1/file-upload/\(token)")
            #expect(upload.status == 200, "it is still an upload, and expires like one")
            _ = try Self.id(
                await client.ask(.post, Self.models, ["file_token": .string(token), "helper": "binaryhelper"])
            )
        }
    }

    private static func multipart(_ file: [UInt8], before: String = "", after: String = "") -> [UInt8] {
        Array(before.utf8)
            + Array("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"seed.npz\"\r\n\r\n".utf8) + file
            + Array("\r\n\(after)--b--\r\n".utf8)
    }

    private static func field(_ name: String, _ value: String) -> String {
        "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }

    private static let type = ["Content-Type": "multipart/form-data; boundary=b"]

    /// The requests of clients before 1.1; the file is stored in any number of chunks.
    @Test(arguments: [1, 8, 100_000, 250_080])
    func modelIsCreatedFromAMultipartForm(_ byteCount: Int) async throws {
        var options = BlobStore.Options()
        options.chunkByteCountMin = 50_000
        options.chunkByteCountMax = 50_000
        try await ServerFixture(blobOptions: options).run { client async throws in
            let bytes = UploadRouteTests.noise(byteCount)
            let fields = Self.field("helper", "binaryhelper") + Self.field("name", "seed")
            let body = Self.multipart(bytes, before: fields)
            let id = try Self.id(await client.ask(.post, Self.models, headers: Self.type, bytes: body))
            let model = try await client.ask(.get, Self.models + id).json
            #expect(model[path: "helper"] == "binaryhelper")
            #expect(model[path: "name"] == "seed")
            #expect(model[path: "file_name"] == "seed.npz")
            #expect(try await client.ask(.get, Self.models + "\(id)/download").content == Content(bytes))
        }
    }

    /// Its client has the file, and no token with which it could publish the upload.
    @Test(arguments: ["numpyhelper", "x"]) func refusedFormLeavesNoFiles(_ helper: String) async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            for name in ["helper", "unknown"] {
                let body = Self.multipart(Self.vector, before: Self.field(name, helper))
                #expect(try await client.ask(.post, Self.models, headers: Self.type, bytes: body).status == 400)
            }
            #expect(try fixture.disk.list("data/uploads").isEmpty)
            #expect(try fixture.disk.list("data/blobs").isEmpty)
            // A token in a field is not of the form.
            let token = try await UploadRouteTests.upload(client, Self.vector)
            let fields = Self.field("helper", helper) + Self.field("file_token", token) + "--b--\r\n"
            let bytes = Array(fields.utf8)
            #expect(try await client.ask(.post, Self.models, headers: Self.type, bytes: bytes).status == 400)
            let upload = try await client.ask(.get, "/api/v1/file-upload/\(token)")
            #expect(upload.status == 200)
        }
    }

    /// curl sends the parts in the order of its arguments, and other clients add what RFC 2046 allows around them.
    @Test func fileMayBeAnyPartOfTheForm() async throws {
        let (helper, name) = (Self.field("helper", "binaryhelper"), Self.field("name", "n"))
        let bodies = [
            Self.multipart(Self.vector, after: helper + name), Self.multipart(Self.vector, before: helper, after: name),
            Self.multipart(Self.vector, before: helper + name).dropLast(2),
            Array("preamble\r\n".utf8) + Self.multipart(Self.vector, after: helper + name) + Array("epilogue".utf8),
        ]
        for body in bodies {
            try await ServerFixture().run { client async throws in
                let id = try Self.id(await client.ask(.post, Self.models, headers: Self.type, bytes: Array(body)))
                let model = try await client.ask(.get, Self.models + id).json
                #expect(model[path: "helper"] == "binaryhelper")
                #expect(model[path: "name"] == "n")
                #expect(model[path: "file_size"]?.int == Int64(Self.vector.count))
                #expect(try await client.ask(.get, Self.models + "\(id)/download").bytes == Self.vector)
            }
        }
    }

    @Test func formOverTheLargestFileIsRefused() async throws {
        var options = BlobStore.Options()
        options.fileByteCountMax = 1_000
        let fixture = try ServerFixture(blobOptions: options)
        try await fixture.run { client async throws in
            for byteCount in [1_001, 2 << 20] {
                let body = Self.multipart(
                    UploadRouteTests.noise(byteCount),
                    before: Self.field("helper", "binaryhelper")
                )
                #expect(try await client.ask(.post, Self.models, headers: Self.type, bytes: body).status == 400)
            }
            #expect(try fixture.disk.list("data/uploads").isEmpty, "the upload is removed")
        }
    }

    @Test func malformedFormLeavesNoFiles() async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            let whole = Self.multipart([1, 2, 3], before: Self.field("name", "n"))
            for length in stride(from: 0, to: whole.count - 4, by: 7) {
                let bytes = Array(whole[..<length])
                let answer = try await client.ask(.post, Self.models, headers: Self.type, bytes: bytes)
                #expect(answer.status == 400, "\(length) bytes")
            }
            #expect(try fixture.disk.list("data/uploads").isEmpty)
            #expect(try await client.ask(.get, Self.models + "count").text == "0")
        }
    }

    // MARK: Ancestors

    static let trails: [(String, [String: String], [String])] = [
        ("m4/ancestors", [:], ["m3", "m2", "m1", "m0"]),
        ("m4/ancestors?include_self=true", [:], ["m4", "m3", "m2", "m1", "m0"]),
        ("m4/ancestors?include_self=false", ["X-Reverse": "false"], ["m3", "m2", "m1", "m0"]),
        ("m4/ancestors?include_self=true", ["X-Reverse": "true"], ["m0", "m1", "m2", "m3", "m4"]),
        ("m4/ancestors", ["X-Limit": "2"], ["m3", "m2"]),
        ("m4/ancestors?include_self=true", ["X-Limit": "2"], ["m4", "m3", "m2"]),
        ("m4/ancestors?include_self=true", ["X-Limit": "2", "X-Reverse": "true"], ["m2", "m3", "m4"]),
        ("m0/ancestors", [:], []),
        ("m0/ancestors?include_self=true", ["X-Limit": "1"], ["m0"]),
        ("lost/ancestors?include_self=true", [:], ["lost"]),
    ]

    @Test(arguments: trails.indices)
    func ancestorsAreAnArray(_ index: Int) async throws {
        let (path, headers, expected) = Self.trails[index]
        try await ServerFixture().run { client async throws in
            for (id, parent) in [("m0", nil), ("m1", "m0"), ("m2", "m1"), ("m3", "m2"), ("m4", "m3"), ("lost", "gone")]
            {
                try await Self.make(client, id, parent: parent)
            }
            let answer = try await client.ask(.get, Self.models + path, headers: headers)
            #expect(answer.status == 200)
            #expect(try answer.json.array?.compactMap { $0[path: "model_id"]?.string } == expected)
        }
    }

    @Test func defaultLimitOfAncestorsIsTen() async throws {
        try await ServerFixture().run { client async throws in
            for index in 0...12 {
                try await Self.make(client, "m\(index)", parent: index == 0 ? nil : "m\(index - 1)")
            }
            let answer = try await client.ask(.get, Self.models + "m12/ancestors")
            #expect(try answer.json.array?.count == 10)
        }
    }

    @Test func descendantsComeGenerationByGeneration() async throws {
        try await ServerFixture().run { client async throws in
            for (id, parent) in [("a", nil), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "d")] {
                try await Self.make(client, id, parent: parent)
            }
            func ids(_ path: String, _ headers: [String: String] = [:]) async throws -> [String]? {
                try await client.ask(.get, Self.models + path, headers: headers).json.array?
                    .compactMap { $0[path: "model_id"]?.string }
            }
            #expect(try await ids("a/descendants") == ["b", "c", "d", "e"])
            #expect(try await ids("a/descendants?include_self=true", ["X-Limit": "2"]) == ["a", "b", "c"])
            #expect(try await ids("e/descendants") == [])
            #expect(try await ids("leaf-nodes") == ["e", "c"])
        }
    }

    @Test(arguments: ["ancestors", "descendants"])
    func largestLimitIsAccepted(_ verb: String) async throws {
        try await ServerFixture().run { client async throws in
            try await Self.make(client, "a", parent: nil)
            try await Self.make(client, "b", parent: "a")
            let headers = ["X-Limit": "9223372036854775807"]
            let path = Self.models + (verb == "ancestors" ? "b" : "a") + "/\(verb)"
            #expect(try await client.ask(.get, path, headers: headers).json.array?.count == 1)
        }
    }

    @Test func fieldsOfAFormHaveACommonLimit() async throws {
        try await ServerFixture().run { client async throws in
            let fields = (0..<40).map { Self.field("f\($0)", String(repeating: "x", count: 2_000)) }.joined()
            let body = Self.multipart(Self.vector, before: fields)
            let answer = try await client.ask(.post, Self.models, headers: Self.type, bytes: body)
            #expect(answer.status == 413)
        }
    }

    @Test(arguments: [
        ([1, 2, 3], "seed.npz", "The file is not an .npz archive"), ([], "model.onnx", "The file is empty"),
    ])
    func damagedOrEmptyModelFileIsRefused(_ bytes: [UInt8], _ name: String, _ reason: String) async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            let token = try await UploadRouteTests.upload(client, bytes, name: name)
            let answer = try await client.ask(
                .post,
                Self.models,
                ["file_token": .string(token), "helper": "numpyhelper"]
            )
            #expect(answer.status == 400)
            #expect(try answer.message?.hasPrefix("Failed to add model. \(reason)") == true)
            await #expect(throws: UploadError.self) { try await fixture.blobs.open(token) }
            #expect(try await client.ask(.get, Self.models + "count").text == "0")
        }
    }

    @Test func modelThatCannotBeAveragedIsStoredWithAWarning() async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            let token = try await UploadRouteTests.upload(client, [8, 2, 3], name: "model.onnx")
            let answer = try await client.ask(.post, Self.models, ["file_token": .string(token), "model_id": "m"])
            #expect(answer.status == 200)
            let warning = try #require(try answer.json[path: "warning"]?.string)
            #expect(warning.hasPrefix("The file is an ONNX file; averaged are .npz archives"))
            let model = try await client.ask(.get, Self.models + "m").json
            #expect(model[path: "contents.format"] == "onnx")
            #expect(model[path: "contents.averageable"] == false)
            #expect(model[path: "contents.reason"]?.string == warning)
            #expect(try await client.ask(.get, Self.models + "m/download").bytes == [8, 2, 3])

            let session: JSON = ["session_id": "s", "session_config": ["model_id": "m", "clients_required": 1]]
            #expect(try await client.ask(.post, "/api/v1/sessions/", session).status == 201)
        }
    }

    @Test func onlyTheNameOfAModelCanChange() async throws {
        try await ServerFixture().run { client async throws in
            try await Self.make(client, "m", parent: nil)
            let changed = try await client.ask(.patch, Self.models + "m", ["name": "better"])
            #expect(changed.status == 200)
            #expect(try changed.json[path: "name"] == "better")
            let refused = try await client.ask(.patch, Self.models + "m", ["blob_id": "other"])
            #expect(refused.status == 400)
            #expect(try refused.message == "field 'blob_id' cannot be changed")
        }
    }

    @Test func deletedModelIsNotFound() async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            for (id, parent) in [("a", nil), ("b", "a")] { try await Self.make(client, id, parent: parent) }
            let deleted = try await client.ask(.delete, Self.models + "a")
            #expect(deleted.status == 200)
            #expect(try deleted.message == "Model deleted")
            for path in ["a", "a/download", "a/ancestors"] {
                #expect(try await client.ask(.get, Self.models + path).status == 404)
            }
            #expect(try await client.ask(.delete, Self.models + "a").status == 404)
            #expect(try await client.ask(.get, Self.models + "b/ancestors").text == "[]")
        }
    }

    @Test func modelOfARunningSessionCannotBeDeleted() async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            try await Self.make(client, "seed", parent: nil)
            let session: JSON = ["session_id": "s", "status": "Started", "session_config": ["model_id": "seed"]]
            #expect(try await client.ask(.post, "/api/v1/sessions/", session).status == 201)
            let refused = try await client.ask(.delete, Self.models + "seed")
            #expect(refused.status == 409)
            #expect(try refused.message?.contains("is needed by session s; stop it") == true)
            #expect(try await client.ask(.get, Self.models + "seed/download").bytes == Self.vector)
        }
    }

    @Test func modelsThatAreNotKeptAreDeletedWhileTheServerRuns() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            #expect(
                try await client.ask(
                    .post,
                    "/api/v1/sessions/",
                    ["session_id": "s", "session_config": ["model_id": "seed"]]
                ).status == 201
            )
            for index in 0..<5 { try await Self.make(client, "m\(index)", parent: nil, session: "s") }
        }
        var options = ServerOptions()
        options.modelRetention = ModelRetention(countMax: 2)
        let fixture = try ServerFixture(on: disk, options: options)
        try await fixture.run { client async throws in
            let models = fixture.store.collection("models")
            for _ in 0..<1_000_000 where models.documentCount > 2 { await Task.yield() }
            #expect(try await client.ask(.get, Self.models).listed("model_id") == ["m4", "m3"])
        }
    }

    @Test(arguments: ["ancestors", "download"])
    func unknownModelIsNotFound(_ verb: String) async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.get, Self.models + "x/\(verb)")
            #expect(answer.status == 404)
            #expect(try answer.message == "Entity with id: x not found")
        }
    }

    private static func make(
        _ client: APIClient,
        _ id: String,
        parent: String?,
        session: String? = nil
    ) async throws {
        let token = try await UploadRouteTests.upload(client, Self.vector)
        let body: JSON = [
            "file_token": .string(token), "helper": "binaryhelper", "model_id": .string(id),
            "parent_model": JSON(parent), "session_id": JSON(session),
        ]
        _ = try Self.id(await client.ask(.post, models, body))
    }
}
