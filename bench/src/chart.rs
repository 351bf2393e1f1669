//! Curves as a picture.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

/// Some curves over one quantity.
pub struct Chart {
    /// What grows.
    pub title: &'static str,
    /// In which terms it is counted.
    pub axis: &'static str,
    /// The curves.
    pub lines: Vec<Line>,
}

/// One curve.
pub struct Line {
    /// What sets it apart; empty where it is the only one.
    pub name: &'static str,
    /// Quantity and tokens per second, in ascending order of the quantity.
    pub points: Vec<(f64, f64)>,
}

impl Chart {
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines.iter().flat_map(|line| line.points.iter().copied())
    }
}

/// What something is made of.
pub struct Bar {
    /// What it is.
    pub name: String,
    /// Its parts, each bar's in the same order.
    pub parts: Vec<Part>,
}

/// A part of a bar.
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// Microseconds.
    pub size: f64,
}

const COLORS: [RGBColor; 6] = [
    RGBColor(31, 95, 153),
    RGBColor(200, 90, 30),
    RGBColor(90, 150, 90),
    RGBColor(150, 150, 150),
    RGBColor(130, 90, 160),
    RGBColor(205, 170, 60),
];

/// Draws charts, two beside each other, with the same scale of tokens per second, into an SVG file.
pub fn draw(charts: &[Chart], path: &Path) -> Result<()> {
    let most = charts.iter().flat_map(Chart::points).map(|(_, rate)| rate).fold(0.0, f64::max) * 1.1;
    let rows = charts.len().div_ceil(2);
    let picture = SVGBackend::new(path, (960, 320 * rows as u32)).into_drawing_area();
    let drawn = (|| {
        picture.fill(&WHITE)?;
        for (chart, area) in charts.iter().zip(picture.split_evenly((rows, 2))) {
            draw_one(chart, most, &area)?;
        }
        picture.present()
    })();
    drawn.map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// Draws bars below each other, on one scale of microseconds, into an SVG file.
pub fn draw_bars(bars: &[Bar], path: &Path) -> Result<()> {
    const ROW: i32 = 34;
    const LEFT: i32 = 170;
    const WIDTH: f64 = 760.0;
    let total = |bar: &Bar| bar.parts.iter().map(|part| part.size).sum::<f64>();
    let most = bars.iter().map(total).fold(0.0, f64::max);
    let legend = bars.first().map_or(0, |bar| bar.parts.len().div_ceil(2) as i32);
    let height = ROW * (bars.len() as i32 + 1) + 20 * legend;
    let picture = SVGBackend::new(path, (980, height as u32)).into_drawing_area();
    let text = ("sans-serif", 13).into_font().color(&BLACK);
    let drawn = (|| {
        picture.fill(&WHITE)?;
        for (row, bar) in bars.iter().enumerate() {
            let top = ROW / 2 + ROW * row as i32;
            picture.draw(&Text::new(bar.name.clone(), (10, top + 5), text.clone()))?;
            let (mut before, mut left) = (0.0, LEFT);
            for (part, color) in bar.parts.iter().zip(COLORS) {
                before += part.size;
                let right = LEFT + (before / most * WIDTH) as i32;
                picture.draw(&Rectangle::new([(left, top), (right, top + ROW * 2 / 3)], color.filled()))?;
                left = right;
            }
            picture.draw(&Text::new(format!("{:.0}", total(bar)), (left + 6, top + 5), text.clone()))?;
        }
        for (index, (part, color)) in bars.iter().flat_map(|bar| &bar.parts).zip(COLORS).enumerate() {
            let (left, top) = (
                LEFT + 330 * (index as i32 % 2),
                ROW * (bars.len() as i32 + 1) + 20 * (index as i32 / 2) - 8,
            );
            picture.draw(&Rectangle::new([(left, top), (left + 14, top + 12)], color.filled()))?;
            picture.draw(&Text::new(part.name, (left + 22, top), text.clone()))?;
        }
        picture.present()
    })();
    drawn.map_err(|error| anyhow!("{}: {error}", path.display()))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>>;

fn draw_one(chart: &Chart, most: f64, area: &Area<'_>) -> Drawn {
    let (least, largest) =
        chart.points().fold((f64::MAX, 0.0_f64), |(low, high), (x, _)| (low.min(x), high.max(x)));
    let mut context = ChartBuilder::on(area)
        .caption(chart.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((least..largest * 1.05).log_scale(), 0.0..most)?;
    context
        .configure_mesh()
        .disable_x_mesh()
        .x_desc(chart.axis)
        .y_desc("tokens per second")
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .draw()?;
    for (line, color) in chart.lines.iter().zip(COLORS) {
        let series = LineSeries::new(line.points.iter().copied(), color.stroke_width(2)).point_size(3);
        let drawn = context.draw_series(series)?;
        if !line.name.is_empty() {
            let key = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2));
            drawn.label(line.name).legend(key);
        }
    }
    if chart.lines.len() > 1 {
        context
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerLeft)
            .background_style(WHITE)
            .draw()?;
    }
    Ok(())
}
