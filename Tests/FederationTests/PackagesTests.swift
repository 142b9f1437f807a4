import Blobs
import Catalog
import Index
import JSON
import Store
import Testing

@testable import Federation

struct PackagesTests {
    private static func activeName(_ fixture: NetworkFixture) async throws -> String? {
        try await fixture.network.packages.active()?.object["name"]?.string
    }

    private static func activeCount(_ fixture: NetworkFixture) throws -> Int {
        try fixture.documents(.packages).count([Condition("active", .equal("true"))])
    }

    @Test func newestPackageIsActive() async throws {
        let fixture = try NetworkFixture()
        for name in ["first", "second", "third"] { try await fixture.addPackage(name) }
        #expect(try await Self.activeName(fixture) == "third")
        #expect(try Self.activeCount(fixture) == 1)
        try await fixture.close()
    }

    @Test func concurrentActivationsLeaveOneActive() async throws {
        let fixture = try NetworkFixture()
        var ids: [String] = []
        for index in 0..<8 { ids.append(try await fixture.addPackage("p\(index)")) }
        let packages = fixture.network.packages
        for _ in 0..<5 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids { group.addTask { try await packages.activate(id) } }
                try await group.waitForAll()
            }
            #expect(try Self.activeCount(fixture) == 1)
        }
        try await fixture.close()
    }

    /// As after a crash between two writes.
    @Test func laterOfTwoFlagsCounts() async throws {
        let fixture = try NetworkFixture()
        let first = try await fixture.addPackage("first")
        try await fixture.addPackage("second")
        try await fixture.documents(.packages).change(first, ["active": true])
        #expect(try await Self.activeName(fixture) == "first")
        try await fixture.addPackage("third")
        #expect(try Self.activeCount(fixture) == 1)
        try await fixture.close()
    }

    @Test func deactivationLeavesNoneActive() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addPackage("first")
        try await fixture.network.packages.deactivate()
        #expect(try await fixture.network.packages.active() == nil)
        await #expect(throws: FederationError.noPackage) { try await fixture.network.packages.find(nil) }
        await #expect(throws: FederationError.noPackage) { try await fixture.network.packages.find("x") }
        try await fixture.close()
    }

    @Test func refusedFileStaysAnUpload() async throws {
        let fixture = try NetworkFixture()
        let token = try await fixture.upload(name: "package.exe")
        await #expect(throws: ValidationError.self) {
            try await fixture.network.packages.publish(["file_token": .string(token)])
        }
        #expect(try await fixture.blobs.upload(token).status.isComplete)
        try await fixture.close()
    }
}
