import Blobs
import Testing

struct BlobPathsTests {
    static let text = "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f"

    @Test func namesMatchTheDocumentation() throws {
        let id = try #require(BlobID(Self.text))
        let paths = BlobPaths("d")
        #expect(paths.journal(of: id) == "d/uploads/\(Self.text)/journal.jsonl")
        #expect(paths.data(of: id) == "d/uploads/\(Self.text)/data.part")
        #expect(paths.complete(id) == "d/uploads/\(Self.text)/complete.zst")
        #expect(paths.blob(id) == "d/blobs/7b/\(Self.text).zst")
    }

    @Test(
        arguments: [
            "", "x", "../../../../../../../../etc/passwd/aaaaaaa", "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3",
            "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f0", "7B0C5A1E-92F4-4D07-8A53-0F6CBB1D2E3F",
            "7b0c5a1e/92f4-4d07-8a53-0f6cbb1d2e3f", "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e/.",
            "7b0c5a1e092f404d0708a5300f6cbb1d2e3f", "-b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f",
            "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3\0", "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2é",
        ]
    )
    func onlyLowerCaseUUIDsAreIDs(_ text: String) {
        #expect(BlobID(text) == nil)
    }

    @Test func onlyValidNamesInTheirDirectoryAreBlobs() {
        #expect(BlobPaths.blobID(named: "\(Self.text).zst", in: "7b")?.text == Self.text)
        #expect(BlobPaths.blobID(named: "\(Self.text).zst", in: "7c") == nil)
        #expect(BlobPaths.blobID(named: "\(Self.text).zst", in: "7") == nil)
        #expect(BlobPaths.blobID(named: Self.text, in: "7b") == nil)
        #expect(BlobPaths.blobID(named: "\(Self.text).zst.new", in: "7b") == nil)
    }
}
