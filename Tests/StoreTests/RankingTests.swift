import Index
import JSON
import TestSupport
import Testing

@testable import Store

struct RankingTests {
    @Test(arguments: [0, 1, 5, 64, 200, Int.max], [true, false])
    func rankingKeepsTheFirstRows(_ countMax: Int, _ ascending: Bool) {
        var generator = SeededGenerator()
        let seed: Comment = "SEED=\(SeededGenerator.runSeed)"
        var rows = (0..<1_000).map { row in
            RankedRow(
                value: [.null, .number(.whole(.random(in: 0..<9, using: &generator))), .text(Text("a"))][row % 3],
                committedAt: Timestamp(microseconds: Int64(row)),
                segment: 0,
                row: row
            )
        }
        rows.shuffle(using: &generator)
        var ranking = Ranking(countMax: countMax, ascending: ascending)
        for row in rows { ranking.add(row) }
        let all = rows.sorted { ascending ? $0.precedes($1) : $1.precedes($0) }
        #expect(ranking.sorted().map(\.row) == all.prefix(countMax).map(\.row), seed)
    }
}
