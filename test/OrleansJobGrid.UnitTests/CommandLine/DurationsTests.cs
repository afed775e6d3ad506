using OrleansJobGrid.Host.CommandLine;
using Xunit;

namespace OrleansJobGrid.UnitTests.CommandLine;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("2m", 120)]
    [InlineData("1.5h", 5400)]
    [InlineData("24h", 86_400)]
    [InlineData("90", 90)]
    [InlineData("0s", 0)]
    public void Read_ADuration_IsThatLong(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Durations.Read(text));

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("1d")]
    [InlineData("25h")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1e3s")]
    [InlineData("1,5h")]
    [InlineData("NaN")]
    [InlineData("Infinitys")]
    [InlineData("-Infinity")]
    [InlineData("-Infinitys")]
    public void Read_AnythingElse_IsNone(string text) => Assert.Null(Durations.Read(text));

    [Theory]
    [InlineData(0.2, "under 1 s")]
    [InlineData(8.4, "8 s")]
    [InlineData(89, "89 s")]
    [InlineData(180, "3 min")]
    [InlineData(9000, "2.5 h")]
    public void About_IsAFigureAndAUnit(double seconds, string words) => Assert.Equal(words, Durations.About(seconds));
}
