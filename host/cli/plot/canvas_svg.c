/* Pictures as SVG 1.1 (https://www.w3.org/TR/SVG11/). */
#include "canvas.h"

static const char font[] = "Helvetica, Arial, 'DejaVu Sans', sans-serif";

static bool open_svg(cli_canvas *canvas) {
  fprintf(
      canvas->file,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f "
      "%.0f\" font-family=\"%s\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
      canvas->width, canvas->height, canvas->width, canvas->height, font);
  return true;
}

static bool close_svg(cli_canvas *canvas, bool good) {
  fputs("</svg>\n", canvas->file);
  return good;
}

static void print_color(FILE *file, const char *name, cli_color color) {
  fprintf(file, " %s=\"#%02x%02x%02x\"", name, color.red, color.green, color.blue);
}

static void draw_line(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
                      double width, bool dashed) {
  FILE *file = canvas->file;
  fputs("<polyline points=\"", file);
  for (size_t i = 0; i < count; i++)
    fprintf(file, "%s%.2f,%.2f", i > 0 ? " " : "", points[i].x, points[i].y);
  fprintf(file, "\" fill=\"none\" stroke-width=\"%.2f\" stroke-linejoin=\"round\"", width);
  print_color(file, "stroke", color);
  fprintf(file, "%s/>\n", dashed ? " stroke-dasharray=\"5,3\"" : "");
}

static void draw_box(cli_canvas *canvas, cli_point corner, double width, double height,
                     cli_color fill) {
  fprintf(canvas->file, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"", corner.x,
          corner.y, width, height);
  print_color(canvas->file, "fill", fill);
  fputs("/>\n", canvas->file);
}

static void draw_dot(cli_canvas *canvas, cli_point center, double radius, cli_color fill) {
  fprintf(canvas->file, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\"", center.x, center.y, radius);
  print_color(canvas->file, "fill", fill);
  fputs("/>\n", canvas->file);
}

static void print_escaped(FILE *file, const char *text) {
  for (; *text != '\0'; text++)
    if (*text == '<')
      fputs("&lt;", file);
    else if (*text == '>')
      fputs("&gt;", file);
    else if (*text == '&')
      fputs("&amp;", file);
    else
      fputc(*text, file);
}

static void draw_text(cli_canvas *canvas, cli_point point, const char *text, double size,
                      cli_anchor anchor, double degrees, cli_color color) {
  static const char *const anchors[] = {"start", "middle", "end"};
  FILE *file = canvas->file;
  fprintf(file, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.1f\" text-anchor=\"%s\"", point.x,
          point.y, size, anchors[anchor]);
  print_color(file, "fill", color);
  if (degrees < 0.0 || degrees > 0.0)
    fprintf(file, " transform=\"rotate(%.0f %.2f %.2f)\"", degrees, point.x, point.y);
  fputc('>', file);
  print_escaped(file, text);
  fputs("</text>\n", file);
}

const cli_canvas_kind cli_canvas_svg = {.ending = ".svg",
                                        .open = open_svg,
                                        .line = draw_line,
                                        .box = draw_box,
                                        .dot = draw_dot,
                                        .text = draw_text,
                                        .close = close_svg};
