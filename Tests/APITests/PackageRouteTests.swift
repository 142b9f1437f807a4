import HTTPTypes
import JSON
import Store
import Testing

@testable import API

struct PackageRouteTests {
    private static let packages = "/api/v1/packages/"

    @discardableResult
    private static func add(_ client: APIClient, _ name: String, _ bytes: [UInt8] = [1, 2, 3]) async throws -> String {
        let token = try await UploadRouteTests.upload(client, bytes, name: "\(name).tgz")
        let form = "helper=numpyhelper&name=\(name)&description=&file_token=\(token)&file_name=\(name).tgz"
        let answer = try await client.ask(.post, packages, form: form)
        #expect(answer.status == 200)
        return try #require(try answer.json[path: "package_id"]?.string)
    }

    @Test func everyPackageCanBeActivated() async throws {
        try await ServerFixture().run { client async throws in
            let first = try await Self.add(client, "first")
            try await Self.add(client, "second")
            #expect(try await client.ask(.put, Self.packages + "active", ["id": .string(first)]).status == 200)
            #expect(try await client.ask(.get, Self.packages + "active").json[path: "name"] == "first")
            #expect(try await client.ask(.get, Self.packages + "count?active=true").text == "1")
            #expect(try await client.ask(.delete, Self.packages + "active").status == 200)
            let none = try await client.ask(.get, Self.packages + "active")
            #expect(none.status == 404)
            #expect(try none.message == "Entity not found")
            #expect(try await client.ask(.put, Self.packages + "active", ["id": "x"]).status == 404)
        }
    }

    /// The edge client requests the checksum by the downloaded file's name.
    @Test func packageIsFoundByEachOfItsNames() async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.add(client, "train", [1, 2, 3, 4])
            try await Self.add(client, "other")
            for name in ["\(id).tgz", "train.tgz", "train"] {
                let download = try await client.ask(.get, Self.packages + "download?name=\(name)")
                #expect(download.bytes == [1, 2, 3, 4])
                #expect(download["Content-Disposition"] == "attachment; filename=\"\(id).tgz\"")
                let checksum = try await client.ask(.get, Self.packages + "checksum?name=\(name)").json
                #expect(
                    checksum[path: "checksum"]
                        == "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a"
                )
            }
            #expect(try await client.ask(.get, Self.packages + "download").bytes == [1, 2, 3])
            #expect(try await client.ask(.get, Self.packages + "download?name=x").status == 404)
        }
    }

    @Test func onlyInactivePackagesCanBeDeleted() async throws {
        try await ServerFixture().run { client async throws in
            let first = try await Self.add(client, "first")
            let second = try await Self.add(client, "second")
            let refused = try await client.ask(.delete, Self.packages + second)
            #expect(refused.status == 409)
            #expect(try refused.message?.contains("activate another package, or none, before deleting it") == true)
            let deleted = try await client.ask(.delete, Self.packages + first)
            #expect(try deleted.status == 200 && deleted.message == "Package deleted")
            #expect(try await client.ask(.get, Self.packages + first).status == 404)
            #expect(try await client.ask(.delete, Self.packages + first).status == 404)
            #expect(try await client.ask(.get, Self.packages + "download").bytes == [1, 2, 3])
        }
    }

    @Test func fileThatClientsCannotUnpackIsRefused() async throws {
        try await ServerFixture().run { client async throws in
            let token = try await UploadRouteTests.upload(client, [1], name: "package.exe")
            let answer = try await client.ask(.post, Self.packages, ["file_token": .string(token)])
            #expect(answer.status == 400)
            #expect(try await client.ask(.get, "/api/v1/file-upload/\(token)").status == 200, "it is still an upload")
        }
    }

    @Test func missingPackageIsNotFound() async throws {
        try await ServerFixture().run { client async throws in
            for path in ["active", "checksum", "download"] {
                let answer = try await client.ask(.get, Self.packages + path)
                #expect(answer.status == 404)
                #expect(try answer.message == "Entity not found")
            }
        }
    }
}
