import Testing

@testable import ledge

struct TransferProgressTests {
    @Test func rateIsAveragedOverTheLastSeconds() {
        var progress = TransferProgress(byteCount: 1000 << 20, done: 0, at: .zero)
        progress.update(done: 500 << 20, at: .seconds(10))
        for second in 11...20 { progress.update(done: (500 + Int64(second - 10) * 10) << 20, at: .seconds(second)) }
        #expect(progress.byteRate == Double(10 << 20))
        #expect(progress.text == "60 %  600 MiB of 1000 MiB  10 MiB/s  40 s left")
    }

    @Test func earlierBytesCountForThePercentageOnly() {
        var progress = TransferProgress(byteCount: 100 << 10, done: 50 << 10, at: .seconds(3))
        #expect(progress.text == "50 %  50 KiB of 100 KiB")
        progress.update(done: 75 << 10, at: .seconds(4))
        #expect(progress.text == "75 %  75 KiB of 100 KiB  25 KiB/s  1 s left")
    }

    @Test func percentageIsRoundedDown() {
        var progress = TransferProgress(byteCount: 1 << 30, done: 0, at: .zero)
        progress.update(done: 1 << 30 - 1, at: .seconds(1))
        #expect(progress.percent == 99)
        progress.update(done: 1 << 30, at: .seconds(1))
        #expect(progress.percent == 100)
        #expect(!progress.text.contains("left"))
    }

    @Test func emptyFileIsComplete() {
        #expect(TransferProgress(byteCount: 0, done: 0, at: .zero).text == "100 %  0 B of 0 B")
    }

    @Test func rateOfAStalledTransferFalls() {
        var progress = TransferProgress(byteCount: 100, done: 0, at: .zero)
        progress.update(done: 50, at: .seconds(1))
        progress.update(done: 50, at: .seconds(5))
        #expect(progress.byteRate == 10)
        progress.update(done: 50, at: .seconds(20))
        #expect(progress.byteRate == nil)
    }

    @Test(arguments: [20, 40, 60, 80, 200])
    func barFitsTheTerminal(_ columnCount: Int) {
        var progress = TransferProgress(byteCount: 10 << 30, done: 0, at: .zero)
        progress.update(done: 5 << 30, at: .seconds(1000))
        #expect(progress.bar(columnCount: columnCount).count < columnCount)
    }

    @Test func barShowsThePercentage() {
        var progress = TransferProgress(byteCount: 4, done: 0, at: .zero)
        progress.update(done: 1, at: .zero)
        #expect(
            progress.bar(columnCount: 100) == "[##########" + String(repeating: "-", count: 30) + "]  25 %  1 B of 4 B"
        )
    }
}
