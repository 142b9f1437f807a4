/// Ids of events that have one XXH3-64 without a seed, as a client could choose them.
///
/// The hash of 65 to 96 bytes depends on a sum with one word for each 16 bytes. For each of six blocks of 16 letters,
/// `fixtures/colliding-ids.txt` has two alternatives whose words are equal, so all 64 choices have one hash. They were found
/// with Pollard's rho: a word, written as 16 letters, is the next block, until two chains meet (about 2^32 steps).
package enum CollidingIDs {
    /// Returns all of them, in order.
    ///
    /// - Throws: The failed call, if the fixture cannot be read.
    package static func all() throws -> [String] {
        try Fixture.lines(of: "colliding-ids.txt").map { $0.split(separator: " ") }.reduce([""]) { ids, blocks in
            ids.flatMap { id in blocks.map { id + $0 } }
        }
        .sorted()
    }
}
