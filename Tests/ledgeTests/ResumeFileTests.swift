import TestSupport
import Testing

@testable import ledge

struct UploadMemoryTests {
    let disk = FaultDisk()
    let home = ["HOME": "/home/ada"]

    private func memory(_ server: String = "http://edge:1", of file: LocalFile) throws -> UploadMemory {
        try #require(UploadMemory(of: file, to: try ServerURL(parsing: server), environment: home, on: disk))
    }

    @Test func anUploadIsRememberedForItsFileAndServerOnly() throws {
        let file = try TemporaryFile(byteCount: 5)
        let other = try TemporaryFile(byteCount: 5)
        try memory(of: file.local).remember("a1")
        #expect(try memory(of: file.local).recall() == "a1")
        #expect(try memory(of: other.local).recall() == nil)
        #expect(try memory("http://edge:2", of: file.local).recall() == nil)
    }

    @Test func aFileThatChangedIsAnotherFile() throws {
        let file = try TemporaryFile(byteCount: 5)
        try memory(of: file.local).remember("a1")
        #expect(try memory(of: file.replaced(byteCount: 6)).recall() == nil)
    }

    @Test func whatIsForgottenIsGone() throws {
        let file = try TemporaryFile(byteCount: 5)
        try memory(of: file.local).remember("a1")
        try memory(of: file.local).forget()
        #expect(try memory(of: file.local).recall() == nil)
        try memory(of: file.local).forget()
    }

    @Test func theSpecificationSaysWhere() {
        #expect(UploadMemory.directory(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/ledge/uploads")
        #expect(UploadMemory.directory(["XDG_STATE_HOME": "s", "HOME": "/h"]) == "/h/.local/state/ledge/uploads")
        #expect(UploadMemory.directory([:]) == nil)
    }
}
