import TestSupport
import Testing

@testable import ledge

struct ResumeFileTests {
    let disk = FaultDisk()
    let home = ["HOME": "/home/ada"]

    private func resumeFile(_ server: String = "http://edge:1", of file: LocalFile) throws -> ResumeFile {
        try #require(ResumeFile(of: file, to: try ServerURL(parsing: server), environment: home, on: disk))
    }

    @Test func resumeFileBelongsToOneUpload() throws {
        let file = try TemporaryFile(byteCount: 5)
        let other = try TemporaryFile(byteCount: 5)
        try resumeFile(of: file.local).write("a1")
        #expect(try resumeFile(of: file.local).read() == "a1")
        #expect(try resumeFile(of: other.local).read() == nil)
        #expect(try resumeFile("http://edge:2", of: file.local).read() == nil)
    }

    @Test func modifiedFileHasAnotherResumeFile() throws {
        let file = try TemporaryFile(byteCount: 5)
        try resumeFile(of: file.local).write("a1")
        #expect(try resumeFile(of: file.replaced(byteCount: 6)).read() == nil)
    }

    @Test func removedResumeFileIsGone() throws {
        let file = try TemporaryFile(byteCount: 5)
        try resumeFile(of: file.local).write("a1")
        try resumeFile(of: file.local).remove()
        #expect(try resumeFile(of: file.local).read() == nil)
        try resumeFile(of: file.local).remove()
    }

    @Test func directoryFollowsTheXDGSpecification() {
        #expect(ResumeFile.directory(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/ledge/uploads")
        #expect(ResumeFile.directory(["XDG_STATE_HOME": "s", "HOME": "/h"]) == "/h/.local/state/ledge/uploads")
        #expect(ResumeFile.directory([:]) == nil)
    }
}
