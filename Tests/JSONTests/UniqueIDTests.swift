internal import JSON
internal import Testing

struct UniqueIDTests {
    @Test func uuidHasTheShapeOfVersionFour() {
        for _ in 0..<1_000 {
            let id = Array(UniqueID.random().utf8)
            #expect(id.count == 36)
            #expect([8, 13, 18, 23].allSatisfy { id[$0] == UInt8(ascii: "-") })
            #expect(id[14] == UInt8(ascii: "4"))
            #expect(Array("89ab".utf8).contains(id[19]))
            #expect(id.allSatisfy { Array("0123456789abcdef-".utf8).contains($0) })
        }
    }

    @Test func idsAreUnique() {
        #expect(Set((0..<10_000).map { _ in UniqueID.random() }).count == 10_000)
    }
}
